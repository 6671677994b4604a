"""The schema that a configuration file is read by, made from the keys; ZConfig's XML."""

from .runner_keys import KEYS, OURS, RunnerKey

ENVIRONMENT = """\
  <sectiontype name="environment" keytype="string">
    <key name="+" attribute="mapping" required="no"/>
  </sectiontype>
"""
NESTED = """\
    <section name="*" type="environment" attribute="environment" required="no"/>
"""
# Ours may be more than zdaemon's: a transcript is a directory too, a list of words has quotes, and
# what is not used need not be there: who has moved over may have removed it.
NATIVE = {
    "python": "string",
    "zdrun": "string",
    "transcript": OURS + "transcript",
    "program": "string",
    "start-test-program": "string",
}
COMPONENT = """\
<component>
{environment}  <sectiontype name="runner">
    <section name="*" type="ZConfig.logger.log" attribute="eventlog" required="no"/>
{nested}{keys}  </sectiontype>
</component>
"""
SCHEMA = """\
<schema>
  <import package="ZConfig.components.logger"/>
  <import package="zdaemon"/>
  <{section} name="*" type="runner" attribute="runner" required="yes"/>
  <section name="*" type="environment" attribute="environment" required="no"/>
  <section name="*" type="eventlog" attribute="eventlog" required="no"/>
</schema>
"""


def component(*, native: bool) -> str:
    """What stands for zdaemon's component: <runner> and <environment>.

    NATIVE: with the keys that zdaemon lacks, and an <environment> for each runner.
    """
    keys = "".join(_key(key, native=native) for key in KEYS if native or not key.native)
    return COMPONENT.format(environment=ENVIRONMENT, nested=NESTED if native else "", keys=keys)


def schema(*, native: bool) -> str:
    """The whole schema; NATIVE: with several runners."""
    return SCHEMA.format(section="multisection" if native else "section")


def _key(key: RunnerKey, *, native: bool) -> str:
    required = "yes" if key.name == "program" else "no"
    datatype = (NATIVE.get(key.name) if native else None) or key.datatype
    default = f' default="{key.default}"' if key.default else ""
    return f'    <key name="{key.name}" datatype="{datatype}" required="{required}"{default}/>\n'
