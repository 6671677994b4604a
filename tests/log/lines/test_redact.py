"""Redaction: secrets are masked, in blocks as in lines, and lines remain lines."""

import json
import re
import sys
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pydaemontools.log.lines import logfmt
from pydaemontools.log.lines.linewise_regex import BadPattern, compiled
from pydaemontools.log.lines.redact import PRESETS, Redaction
from tests.log.conftest import patient


def masked(pattern, text):
    """TEXT with what PATTERN finds masked."""
    return Redaction([pattern]).block(text)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    {
        "all of it": (rb"\d{4}", b"pin 1234 and 5678", b"pin *** and ***"),
        "the first group": (rb"pin (\d+) (x)", b"pin 1234 x", b"pin *** x"),
        "the group called secret": (rb"(pin) (?P<secret>\d+)", b"pin 1234", b"pin ***"),
        "a group that is no part": (rb"(a)?bc", b"abc bc", b"***bc ***"),
        "one of two": (rb"a=(\d)|b=(\d)", b"a=1 b=2", b"a=*** ***"),
        "a group that is empty": (rb"pin=(\d*)", b"pin= x", b"pin= x"),
        "a pattern that matches nothing": (rb"x*", b"axxb", b"a***b"),
        "a group in a look-ahead": (
            rb"user(?=.* pin (\d+))",
            b"user bob pin 12",
            b"user bob pin ***",
        ),
        "a group in a look-behind": (rb"(?<=pin (\d))x", b"pin 7x", b"pin ***x"),
        "the same place twice": (rb"(?=.*?(\d+))\w", b"ab 12 c", b"ab *** c"),
        "groups that overlap": (rb"\w(?=(\d\d))", b"a123", b"a***"),
        "the start of each line": (rb"^\w+", b"one two\nthree", b"*** two\n***"),
        "the start, once": (rb"\A\w+", b"one two\nthree", b"*** two\n***"),
        "the end of each line": (rb"\w+\Z", b"one two\nthree\n", b"one ***\n***\n"),
        "any case": (rb"(?i)PIN", b"pin", b"***"),
        "not utf-8": (rb"\xff+", b"a\xff\xffb", b"a***b"),
    }.values(),
)
def test_what_is_masked(pattern, text, expected):
    """The group that is the secret, or all."""
    assert masked(pattern, text) == expected


CROSSING = [
    rb"a.b",
    rb"(?s)a.b",
    rb"(?s:a.b)",
    rb"a\sb",
    rb"a\Wb",
    rb"a\Db",
    rb"a[^x]b",
    rb"a[^]]b",
    rb"a[^]x-]b",
    rb"a[\s]b",
    rb"a[\W]b",
    rb"a[\x00-\x20]b",
    rb"a[]\n]b",
    rb"a\nb",
    rb"a\x0ab",
    rb"a\x0Ab",
    rb"a\012b",
    rb"a\0012b",
    rb"a\[?\nb",
    b"a\nb",
    b"a\\\nb",
    rb"a(?#.[)\nb",
    rb"a(?P<x>\s)b(?P=x)?",
    rb"(?i)a(?:\n|x)b",
    rb"a(?=\s)\sb",
    rb"(?<=a\n)b",
    rb"a(?=\nb)",
    rb"a\s*+b",
    rb"(?>a\s+)b",
    rb"(?m)a$.^b",
    rb"a(\n)b\1?",
]


@pytest.mark.parametrize("pattern", CROSSING)
def test_nothing_matches_across_lines(pattern):
    """Whatever could match a newline does not."""
    block = b"a\nb\n"
    assert compiled(pattern).search(block) is None
    assert masked(pattern, block) == block


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (rb"a[^]]b", b"axb"),
        (rb"a[\s]b", b"a b"),
        (rb"a[\W]b", b"a-b"),
        (rb"a\Wb", b"a-b"),
        (rb"a\Db", b"a-b"),
        (rb"a\sb", b"a\rb"),
        (rb"a[\x00-\x20]b", b"a\x0bb"),
        (rb"a[]\n]b", b"a]b"),
        (rb"a\012?b", b"ab"),
        (rb"a\101b", b"aAb"),
        (rb"(a)\1b", b"aab"),
        (rb"a\.b", b"a.b"),
        (rb"a\[.\]b", b"a[x]b"),
        (rb"a(?#.[)xb", b"axb"),
        (rb"[.]a[(?x)]b", b".axb"),
    ],
)
def test_what_matches_otherwise_still_does(pattern, text):
    """Only newlines are taken out."""
    assert compiled(pattern).fullmatch(text)


def test_a_look_ahead_ends_with_the_line():
    """What the next line says changes nothing in this one."""
    assert masked(rb"pin(?!\s*ok)", b"pin\nok") == b"***\nok"
    assert masked(rb"(?<!x\s)pin", b"x\npin") == b"x\n***"


@pytest.mark.parametrize(
    ("pattern", "text"),
    {
        b"(": b"missing ), unterminated subpattern at position 0",
        b"[": b"unterminated character set at position 0",
        b"*": b"nothing to repeat at position 0",
        b"a{9999999999999}": b"too large: the repetition number is too large",
        b"(?x)a b": b"a pattern may have the flags a, i, m and s, not (?x)",
        b"(?L)a": b"a pattern may have the flags a, i, m and s, not (?L)",
        b"(?-i:a)": b"a pattern may have the flags a, i, m and s, not (?-i:",
        b":cards": b"there is no :cards; there are :card :email :token :password",
        b"(?<=a+)b": b"look-behind requires fixed-width pattern",
        b"\\": b"bad escape (end of pattern) at position 0",
    }.items(),
)
def test_a_pattern_that_is_wrong(pattern, text):
    """What is wrong is said in a line, and never a traceback."""
    with pytest.raises(BadPattern) as caught:
        Redaction([pattern])
    assert caught.value.text == text


def test_a_pattern_that_is_too_deep():
    """It is refused too."""
    with pytest.raises(BadPattern):
        Redaction([b"(" * 20000 + b"a" + b")" * 20000])


def test_no_warning():
    """What may mean something else one day says nothing on the daemon's stderr."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert masked(b"[[a]", b"[") == b"***"


MASKED = {
    b":card": {
        b"card 4111 1111 1111 1111.": b"card ***.",
        b"4111-1111-1111-1111": b"***",
        b"5500000000000004,": b"***,",
        b"2221000000000009": b"***",
        b"6011000000000004": b"***",
        b"378282246310005": b"***",
        b'"3782 822463 10005"': b'"***"',
        b"id 1795270784224421000": b"id 1795270784224421000",
        b"41111111111111111": b"41111111111111111",
        b"a4111111111111111": b"a4111111111111111",
    },
    b":email": {
        b"mail bob@example.org, ok": b"mail ***, ok",
        b"<a.b+c@x-y.co.uk>": b"<***>",
        b"to=bob@example.org": b"to=***",
        "josé@exämple.de".encode(): b"***",
        b"user@host": b"user@host",
        b"@example.org": b"@example.org",
    },
    b":token": {
        b"Authorization: Bearer abcdefghijkl": b"Authorization: Bearer ***",
        b"bearer abcdefgh.ijkl": b"bearer ***",
        b'{"authorization":"Basic dXNlcjpwYXNz","a":1}': b'{"authorization":"***","a":1}',
        b"GET /?token=abc&x=1": b"GET /?token=***&x=1",
        b"GET /in?next=%2Fx%3Ftoken%3Dabc&y=1": b"GET /in?next=%2Fx%3Ftoken%3D***&y=1",
        b"API_KEY=abc, x": b"API_KEY=***, x",
        b"access-key: abc": b"access-key: ***",
        b"access_token = 'a b'": b"access_token = '***'",
        b"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF-_ ok": b"jwt *** ok",
        b"ghp_" + b"a" * 36: b"***",
        b"AKIAIOSFODNN7EXAMPLE": b"***",
        b"xoxb-123456789012-abcdef": b"***",
        b"sk_live_abcdefghijklmnop": b"***",
        b'"token": null': b'"token": null',
        b'"tokens": 12': b'"tokens": 12',
        b"the task-management-of-something": b"the task-management-of-something",
        b"tokenize this": b"tokenize this",
        b"run --api-key abc --token 'a b' x": b"run --api-key *** --token '***' x",
        b'Authorization: Digest username="b", response="a b"': b"Authorization: Digest ***",
        b"Authorization: AWS4 Credential=a/b, Signature=c": b"Authorization: *** ***",
        b"authorization: Token abc ok": b"authorization: Token *** ok",
        b"[(b'authorization', b'Token abc')]": b"[(b'authorization', b'***')]",
        b"{'authorization': b'abc'}": b"{'authorization': b'***'}",
        b"Cookie: a=b; c=d": b"Cookie: ***",
        b"Set-Cookie: a=b; HttpOnly; Path=/": b"Set-Cookie: ***",
        b"{'cookie': 'a=b; c=d', 'x': 1}": b"{'cookie': '***', 'x': 1}",
        b"no cookie: none here": b"no cookie: none here",
        b'{"private_key": "abc"}': b'{"private_key": "***"}',
        b"GET /?access_t%6Fken=abc&x=1": b"GET /?access_t%6Fken=***&x=1",
        rb'{"m":"Bearer abcdefgh\/ij+k ok"}': rb'{"m":"Bearer *** ok"}',
        rb'{"m":"Bearer abc\/def\/ghi="}': rb'{"m":"Bearer ***"}',
        rb'{"m":"{\"m\":\"Bearer abcdefgh\\\/ij\"}"}': rb'{"m":"{\"m\":\"Bearer ***\"}"}',
        rb'{"m":"Bearer\tabcdefgh\tok"}': rb'{"m":"Bearer\t***\tok"}',
        rb'{"m":"token:\t\"a b\", x"}': rb'{"m":"token:\t\"***\", x"}',
        rb'{"m":"cookie:\ta=b; c=d"}': rb'{"m":"cookie:\t***"}',
        rb'{"m":"Authorization: Digest username=\"b\", response=\"a b\""}': (
            rb'{"m":"Authorization: Digest ***"}'
        ),
        b'{"set-cookie":["sid=a; Path=/","tok=b"],"x":1}': b'{"set-cookie":["***"],"x":1}',
        b"{'set-cookie': [ 'sid=a', 'tok=b' ]}": b"{'set-cookie': [ '***' ]}",
        rb'{"m":"{\"Cookie\":[\"a=b\",\"c=d\"]}"}': rb'{"m":"{\"Cookie\":[\"***\"]}"}',
        b'{"cookies":{"sid":"a"},"x":1}': b'{"cookies":***',
        b"map[Set-Cookie:[a=b c=d] X:[y]]": b"map[Set-Cookie:[***] X:[y]]",
        b'Cookie: sid="abc"; x=y': b"Cookie: ***",
        rb'{"m":"{\"m\":\"cookie: a=b\"}"}': rb'{"m":"{\"m\":\"cookie: ***\"}"}',
        b'{"rawHeaders":["Host","x","Authorization","abc"]}': (
            b'{"rawHeaders":["Host","x","Authorization","***"]}'
        ),
        b"rawHeaders: [ 'X-Api-Key', 'abc', 'Cookie', 'a=b' ]": (
            b"rawHeaders: [ 'X-Api-Key', '***', 'Cookie', '***' ]"
        ),
        b'{"rawHeaders":["access-control-request-headers","authorization","Host","x"]}': None,
        b'["Authorization","Token abc","Host","x"]': b'["Authorization","***","Host","x"]',
        b'[["Authorization","abc"],["X-Token","d"]]': (
            b'[["Authorization","***"],["X-Token","***"]]'
        ),
        b'{"name":"Cookie","value":"a=b"}': b'{"name":"Cookie","value":"***"}',
        b'{"value":"abc","name":"X-Api-Key"}': b'{"value":"***","name":"X-Api-Key"}',
        b"POST /?user[api_key]=abc&x=1": b"POST /?user[api_key]=***&x=1",
        b'headers["Authorization"] = "Token abc"': b'headers["Authorization"] = "***"',
        b"UPDATE u SET `token`='abc'": b"UPDATE u SET `token`='***'",
        b'allowed ["Authorization","Content-Type"]': None,
        b'{"scopes":["token","openid"]}': None,
        b'{"cookies":3,"set-cookie":[]}': None,
        b'["cookie","banner"] GET /cookies HTTP/1.1': None,
        b"basic authentication is off. Basic Information": None,
        b"if token[0] == '*': tokens[0] = 3": None,
        b'{"msg":"no cookie:\\n","b":"c=d"}': None,
        b'{"msg":"Enter the token: ", "b":"c"}': None,
    },
    b":password": {
        b"password=hunter2 user=bob": b"password=*** user=bob",
        b'{"password": "hun\\"ter2", "a": 1}': b'{"password": "***", "a": 1}',
        b"{'db_password': 'x y', 'b': 2}": b"{'db_password': '***', 'b': 2}",
        b"PASSWORD: abc, next": b"PASSWORD: ***, next",
        b"f(passwd=abc)": b"f(passwd=***)",
        b"dbPwd=abc": b"dbPwd=***",
        b'secret_key="k v"': b'secret_key="***"',
        b"passphrase = it's": b"passphrase = ***'s",
        b"postgres://u:s3cret@db/x": b"postgres://u:***@db/x",
        b"amqp://:s3cret@db": b"amqp://:***@db",
        b'{"m":"{\\"password\\":\\"x1\\"}"}': b'{"m":"{\\"password\\":\\"***\\"}"}',
        b'"password": null, "secret": true': b'"password": null, "secret": true',
        b'password=""': b'password=""',
        b'{"password":{"a":1},"b":2}': b'{"password":***',
        b'{"passwords": ["x", "y"], "b":2}\nnext': b'{"passwords": ***\nnext',
        b"passwords are bad": b"passwords are bad",
        b"http://host:80/a@b": b"http://host:80/a@b",
        b'{"a":"http://h:80","b":"c@d"}': b'{"a":"http://h:80","b":"c@d"}',
        b"postgres://u:s3@cret@db/x": b"postgres://u:***@db/x",
        b'{"a":"amqp:\\/\\/u:s3cret@db\\/"}': b'{"a":"amqp:\\/\\/u:***@db\\/"}',
        b"amqp%3A%2F%2Fu%3As3cret%40db": b"amqp%3A%2F%2Fu%3A***%40db",
        b"GET /?pass%77ord=abc&x=1 200": b"GET /?pass%77ord=***&x=1 200",
        b"GET /?%50%41%53%53%57%4F%52%44=abc": b"GET /?%50%41%53%53%57%4F%52%44=***",
        b"GET /?to=http%3A%2F%2Fh%3Fp%61sswd%3Dabc": b"GET /?to=***",
        b"GET /a%20b?x=%41&y=100%25": b"GET /a%20b?x=%41&y=100%25",
        b"GET /?to=%2Fx%3Fp%2561ssword%3Dabc": b"GET /?to=***",
        b"GET /?to=%2Fx%3Fpass%252577ord%3Dabc": b"GET /?to=***",
        b"GET /?to=%2Fx%3Fpassage%253Dabc": b"GET /?to=%2Fx%3Fpassage%253Dabc",
        b"GET /?q=SET+PASSWORD+%27a+b%27&x=1": b"GET /?q=***&x=1",
        b"sqlserver://sa:a%28%21%29@h": b"sqlserver://sa:***@h",
        b"mysql --password abc -u root": b"mysql --password *** -u root",
        b"mysql --db-password 'a b' x": b"mysql --db-password '***' x",
        b"mysql --password --user bob": b"mysql --password --user bob",
        b"['mysql', '--password', 'abc', '-u']": b"['mysql', '--password', '***', '-u']",
        b'["mysql","-password","abc"]': b'["mysql","-password","***"]',
        b'"mysql" "--password" "a b" "x"': b'"mysql" "--password" "***" "x"',
        b"{'password': b'abc'}": b"{'password': b'***'}",
        b"U(password=SecretStr('abc'), a=1)": b"U(password=***, a=1)",
        b"[('user', 'bob'), ('password', 'abc')]": b"[('user', 'bob'), ('password', '***')]",
        b'{"name": "DB_PASSWORD", "value": "abc"}': b'{"name": "DB_PASSWORD", "value": "***"}',
        b'<add key="password" value="abc"/>': b'<add key="password" value="***"/>',
        b"<password>abc</password>": b"<password>***</password>",
        b'{:password=>"abc", "passwd" => "d"}': b'{:password=>"***", "passwd" => "***"}',
        b"password => abc": b"password => ***",
        b"ALTER USER bob PASSWORD 'abc'": b"ALTER USER bob PASSWORD '***'",
        b"CREATE USER bob IDENTIFIED BY 'a b'": b"CREATE USER bob IDENTIFIED BY '***'",
        b"user=bob pass=abc": b"user=bob pass=***",
        b'{"db_pass": "abc"}': b'{"db_pass": "***"}',
        b"3 tests pass: all but one; bypass=1": b"3 tests pass: all but one; bypass=1",
        b'{"m":"{\\\\\\"secret\\\\\\":\\\\\\"abc': b'{"m":"{\\\\\\"secret\\\\\\":\\\\\\"***',
        b"user[password]=abc&x=1": b"user[password]=***&x=1",
        b"user[profile][password]=abc": b"user[profile][password]=***",
        b"password[]=abc password[0]=d": b"password[]=*** password[0]=***",
        b"user[password][0]=abc": b"user[password][0]=***",
        b"user%5Bpassword%5D=abc&x=1": b"user%5Bpassword%5D=***&x=1",
        b"user%5bpass%5d=abc": b"user%5bpass%5d=***",
        b"GET /?to=%2Fx%3Fu%255Bpassword%255D%3Dabc": b"GET /?to=***",
        b'config["password"] = "a b"': b'config["password"] = "***"',
        b'config["db"]["password"]["x"] := "a b"': b'config["db"]["password"]["x"] := "***"',
        b"os.environ['DB_PASSWORD'] = 'a b'": b"os.environ['DB_PASSWORD'] = '***'",
        rb'{"m":"config[\"password\"] = \"a b\""}': rb'{"m":"config[\"password\"] = \"***\""}',
        b'config[:password] = "a b"': b'config[:password] = "***"',
        b"[password] => abc [x] => y": b"[password] => *** [x] => y",
        b"$h{password} = 'a b'; ${PASSWORD}=abc": b"$h{password} = '***'; ${PASSWORD}=***",
        b"UPDATE u SET `password` = 'a b' WHERE 1": b"UPDATE u SET `password` = '***' WHERE 1",
        b"UPDATE u SET [password] = N'a b'": b"UPDATE u SET [password] = N'***'",
        b"SET password = 'it''s a b', x = 'y'": b"SET password = '***', x = 'y'",
        b"ALTER USER b PASSWORD E'it''s a b'": b"ALTER USER b PASSWORD E'***'",
        rb'{"q":"IDENTIFIED BY \"it\"\"s a b\" x"}': rb'{"q":"IDENTIFIED BY \"***\" x"}',
        b"SET PASSWORD FOR u = 'a b'": b"SET PASSWORD FOR u = '***'",
        b"SET PASSWORD FOR 'u'@'h' = PASSWORD('a')": b"SET PASSWORD FOR 'u'@'h' = PASSWORD('***')",
        b"CREATE USER u IDENTIFIED WITH p BY 'a b'": b"CREATE USER u IDENTIFIED WITH p BY '***'",
        b"IDENTIFIED VIA ed25519 USING PASSWORD('a b')": (
            b"IDENTIFIED VIA ed25519 USING PASSWORD('***')"
        ),
        b"ALTER USER u IDENTIFIED BY 'a' REPLACE 'b c'": (
            b"ALTER USER u IDENTIFIED BY '***' REPLACE '***'"
        ),
        rb'{"m":"password:\tabc def"}': rb'{"m":"password:\t*** def"}',
        rb'{"m":"password\t=\t\"a b\"\tx"}': rb'{"m":"password\t=\t\"***\"\tx"}',
        rb'{"m":"{\n\t\"password\":\t\"a b\"\n}"}': rb'{"m":"{\n\t\"password\":\t\"***\"\n}"}',
        rb'{"m":"PASSWORD\t"}': None,
        rb'{"m":"PASSWORD\t' + b"'a b'\"}": rb'{"m":"PASSWORD\t' + b"'***'\"}",
        rb'{"m":"IDENTIFIED\tBY\n' + b"'a b'\"}": rb'{"m":"IDENTIFIED\tBY\n' + b"'***'\"}",
        rb'{"m":"x --password\tabc"}': rb'{"m":"x --password\t***"}',
        rb'{"m":"x --password a\bc\" y"}': rb'{"m":"x --password ***\" y"}',
        rb'{"m":"{\"m\":\"password: ab\"}\n"}': rb'{"m":"{\"m\":\"password: ***\"}\n"}',
        b'{"value":"a b","name":"DB_PASSWORD"}': b'{"value":"***","name":"DB_PASSWORD"}',
        rb'{"value":"a\"b","key":"password"}': b'{"value":"***","key":"password"}',
        b'{"Value":"a b", "Name":"password"}': b'{"Value":"***", "Name":"password"}',
        rb'{"m":"{\"value\":\"a b\",\"name\":\"secret\"}"}': (
            rb'{"m":"{\"value\":\"***\",\"name\":\"secret\"}"}'
        ),
        b"{'value': 'a b', 'name': 'password'}": b"{'value': '***', 'name': 'password'}",
        b'<add value="a b" key="password"/>': b'<add value="***" key="password"/>',
        b'{"value":12,"type":"n","name":"password"}': b'{"value":***,"type":"n","name":"password"}',
        b'{"Name":"/prod/password","Type":"S","Value":"a b"}': (
            b'{"Name":"/prod/password","Type":"S","Value":"***"}'
        ),
        b'{"ParameterKey":"Password","ParameterValue":"a b"}': (
            b'{"ParameterKey":"Password","ParameterValue":"***"}'
        ),
        b'{"key":"password","value":{"stringValue":"a"}}': b'{"key":"password","value":***',
        b'{"key":"password","value":12}': b'{"key":"password","value":***}',
        b'{"key":"password","value":null}': None,
        b'{"value":"x","name":"user"},{"name":"password"}': None,
        b'{"value":"x"},{"name":"password","required":true}': None,
        b'{"type":"password","label":"x"}, {"value":"y"}': None,
        b"required: ['name', 'password'] SELECT `password` FROM u": None,
        b"compass[0]=1 bypass[1]=2 user[name]=b pass the [salt]": None,
        b'{"msg":"Password:","b":"c"}': None,
        b'{"msg":"Password: "}': None,
        b'{"m":"{\\"msg\\":\\"Password:\\",\\"b\\":\\"c\\"}"}': None,
        b'{"msg":"new password\\n","b":"c"}': None,
        b'{"m":"{\\"msg\\":\\"new password\\\\n\\",\\"b\\":\\"c\\"}"}': None,
        b"{'msg': 'Password:\\n', 'b': 'c'}": None,
        b"identified by the user 'bob', identified with plugin x": None,
        b"password for the 1st = 3 users": None,
    },
}


@pytest.mark.parametrize(
    ("preset", "text", "expected"),
    [(preset, *one) for preset, texts in MASKED.items() for one in texts.items()],
)
def test_presets(preset, text, expected):
    """What they mask, and what they leave."""
    expected = expected or text
    assert masked(preset, text) == expected
    # The same with lines around it, and again.
    assert masked(preset, b"one\n" + text + b"\ntwo\n") == b"one\n" + expected + b"\ntwo\n"


def test_every_preset_is_tested():
    """None is without an example."""
    assert {b":" + name for name in PRESETS} == MASKED.keys()


def test_several():
    """One after the other."""
    redaction = Redaction([b":email", rb"pin (\d+)", b":card"])
    assert redaction.block(b"a@b.c pin 1 4111111111111111") == b"*** pin *** ***"


NEARLY = (
    *(b"a", b"1", b"4", b"3", b".", b"@", b"a@", b"://", b"://a:", b"password", b"eyJ"),
    *(
        b"token ",
        b"password=",
        b'password="',
        b"password='",
        b"\\",
        b"bearer ",
        b"sk_",
        b"a.",
        b"password=)",
    ),
    *(b"4111 ", b"a@a.", b"password = ", b"password\\\\", b"gh", b"-", b"eyJaaaaaaaa."),
    *(b"token:bearer ", b"[", b"xoxb-", b"sk-a", b"--password ", b"--", b"- ", b"-a", b"-token"),
    *(b"password','", b'password" value="', b"password', 'a", b"password>", b"password=a("),
    *(b"authorization: a b=", b'authorization: a b="', b"b=c, ", b"cookie: ", b"cookie:a=b;"),
    *(b"%3A%2F%2F", b"%3A%2F%2F%3A", b"%70", b"%70=", b"cookie", b"pass", b"pass=", b"://:a@"),
    *(b"identified by ", b'password "', b"=", b":\\/\\/", b"[", b"password[", b"password]"),
    *(b"password for a=", b"identified with a by ", b"''", b"password='''", b"***' replace "),
    *(b'value":"', b"value='a',", b'"name":"password",', b'value=1 a=b name="', b"key='token',"),
    *(b'cookie:["', b'cookie":[{"', b"cookie:[a=", b'cookie","a=', b'rawHeaders"token","'),
    *(b"\\t", b"password:\\t", b"bearer \\/", b"%25", b"%2570", b'password:"},', b"password:},"),
    *(b"cookie:" + b" " * 49990, b"password=" + rb"\t" * 24990, b"value:" + b"\\" * 49990),
    *(rb"\u0070", rb"\u0022", rb"\\u0022", rb"p\u0061ssword=", rb'{"p\u0061ssword":"', b'{"a":'),
    *(rb'{"a":"\u0061"} ', rb'[1,"\u0061"', rb'{"password":"\u0061",', rb'{"\u0061":{"token":["'),
)


@pytest.mark.parametrize("preset", MASKED)
@pytest.mark.parametrize("piece", NEARLY)
def test_no_preset_takes_long(preset, piece):
    """A line of 100 kB that nearly matches is looked at in no time: the timeout says so."""
    masked(preset, piece * (100000 // len(piece)))


TEXT = st.text(st.characters(codec="ascii", exclude_characters="\n"), max_size=20).map(str.encode)
WORD = st.from_regex(rb"[A-Za-z0-9+/]{9,30}", fullmatch=True)


@patient
@given(lines=st.lists(st.tuples(TEXT, WORD | st.none(), TEXT), max_size=8))
def test_no_secret_is_left(lines):
    """Wherever it stands in a block; and the lines are as many as before."""
    parts = [a + (b" pin:" + word + b" " + b if word else b) for a, word, b in lines]
    block = b"\n".join(parts)
    found = masked(rb"pin:([A-Za-z0-9+/]+)", block)
    assert found.count(b"\n") == block.count(b"\n")
    for line, (_, word, _) in zip(found.split(b"\n"), lines, strict=bool(lines)):
        assert not word or b"pin:" + word not in line
    assert b"\n".join(re.sub(rb"(pin:)[A-Za-z0-9+/]+", rb"\1***", one) for one in parts) == found


# Before Python 3.11.5 a possessive repetition of a group goes back where it should not.
REPEATED = [b"*", b"+", b"?", b"{2}", b"*?", *([b"*+"] if sys.version_info >= (3, 11, 5) else [])]
ATOMS = st.sampled_from([
    *(rb".", rb"\s", rb"\S", rb"\w", rb"\W", rb"\d", rb"\D", rb"\n", rb"\x0a", rb"\012", b"\n"),
    *(b"a", b"b"),
    *(rb"[^a]", rb"[^\s]", rb"[\s]", rb"[\W]", rb"[^]a]", rb"[\t-\r]", rb"^", rb"$", rb"\A"),
    *(rb"\Z", rb"\b", rb"\B", rb"(?=a)", rb"(?!\s)", rb"(?<=\W)", rb"(?<!a)", rb"[]\n]", b" "),
])  # fmt: skip
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(b"".join),
        st.tuples(inner, inner).map(b"|".join),
        inner.map(lambda one: b"(" + one + b")"),
        inner.map(lambda one: b"(?=" + one + b")"),
        inner.map(lambda one: b"(?!" + one + b")"),
        inner.map(lambda one: b"(?s:" + one + b")"),
        st.tuples(inner, st.sampled_from(REPEATED)).map(
            lambda two: b"(?:" + two[0] + b")" + two[1]
        ),
    ),
    max_leaves=5,
)


@patient
@given(pattern=PATTERNS, text=st.text("ab \n\r", max_size=12).map(str.encode))
@example(pattern=rb"\B", text=b"\n")
def test_a_block_is_its_lines(pattern, text):
    """What is masked in a block is what is masked in its lines, each by itself."""
    try:
        redaction = Redaction([pattern])
    except BadPattern:
        return
    lines = [redaction.block(line) for line in text.split(b"\n")]
    assert redaction.block(text) == b"\n".join(lines)


@patient
@given(pattern=PATTERNS, text=st.text("ab \r", max_size=12).map(str.encode))
def test_within_a_line_a_pattern_is_what_it_was(pattern, text):
    """Where there is no newline it matches what it matched."""
    try:
        before = re.compile(pattern, re.MULTILINE)
    except re.error:
        return
    after = compiled(pattern)
    assert [m.span() for m in after.finditer(text)] == [m.span() for m in before.finditer(text)]


@patient
@given(pattern=st.binary(max_size=12) | st.text("()[]{}?*+\\^$.-:a1<>=!#PxiLs|", max_size=12))
def test_any_pattern_is_one_or_is_wrong(pattern):
    """Nothing but BadPattern is raised."""
    if isinstance(pattern, str):
        pattern = pattern.encode()
    try:
        redaction = Redaction([pattern])
    except BadPattern:
        return
    block = b"a1\n(x) \xff\n\n"
    assert redaction.block(block).count(b"\n") == 3


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (rb'{"p\u0061ssword": "hunter2", "a": 1}', b'{"password":"***","a":1}'),
        (rb'{"db":{"p\u0061ssword":"hunter2"},"b":2}', b'{"db":{"password":"***"},"b":2}'),
        (rb'[{"p\u0061ssword": "hunter2"}]', b'[{"password":"***"}]'),
        (rb'error: {"p\u0061ssword": "hunter2"} behind', b'error: {"password":"***"} behind'),
        (rb'{"p\u0061ssword": {"a": "hunter2"}}', b'{"password":"***"}'),
        (rb'{"p\u0061ssword": ["hunter2"]}', b'{"password":"***"}'),
        (rb'{"p\u0061ssword": 12345}', b'{"password":"***"}'),
        (rb'{"x": "p\u0061ssword=hunter2 ok"}', b'{"x":"password=*** ok"}'),
        (rb'{"log": "{\"p\\u0061ssword\": \"hunter2\"}"}', rb'{"log":"{\"password\":\"***\"}"}'),
        (rb'{"\u0070assword": "hunter2", "password": "hunter3"}', b'{"password":"***"}'),
        (rb'{"p\u0061ssword": "hunter2", "half": "\ud800"}', b'{"password":"***","half":"?"}'),
        (b'{"p\\u0061ssword": "hunter2", "byte": "\xff"}', b'{"password":"***","byte":"\xff"}'),
        # An escape that is a quote, a blank or part of the secret.
        (rb'{"m":"password=\u0022a b\u0022 x"}', rb'{"m":"password=\"***\" x"}'),
        (rb'{"m":"password = \u0027a b\u0027 x"}', b'{"m":"password = \'***\' x"}'),
        (rb'{"m":"{\u0022password\u0022:\u0022a b\u0022}"}', rb'{"m":"{\"password\":\"***\"}"}'),
        (rb'{"m":"{\"password\":\u0022a b\u0022}"}', rb'{"m":"{\"password\":\"***\"}"}'),
        (
            rb'{"m":"{\"m\":\"secret=\\u0022a b\\u0022\"}"}',
            rb'{"m":"{\"m\":\"secret=\\\"***\\\"\"}"}',
        ),
        (rb'{"password":"a\u0022 b","b":1}', b'{"password":"***","b":1}'),
        (rb'{"m":"SECRET = \u0027it\u0027\u0027s b\u0027"}', b'{"m":"SECRET = \'***\'"}'),
        (rb'{"m":"password:\u0009abc x\r\ny"}', rb'{"m":"password:\t*** x\r\ny"}'),
        (rb'{"m":"?to=%2Fx%3Fp\u0061ssword%3Dabc"}', b'{"m":"?to=%2Fx%3Fpassword%3D***"}'),
        (rb'{"value":"a b","n\u0061me":"password"}', b'{"value":"***","name":"password"}'),
        # No JSON, more of it, or JSON that is cut.
        (rb'level=info msg="\u0070assword=abc x"', b'level=info msg="password=*** x"'),
        (rb'level=info msg="password=\u0022a b\u0022 x"', rb'level=info msg="password=\"***\" x"'),
        (rb"level=info p\x61ssword=abc", b"level=info password=***"),
        (rb'msg="p\U00000061ssword=abc"', b'msg="password=***"'),
        (rb'msg="{\"p\\u0061ssword\":\"a b\"}" x=1', rb'msg="{\"password\":\"***\"}" x=1'),
        (rb"{'p\u0061ssword': 'a b'}", b"{'password': '***'}"),
        (rb'{"a":1} {"p\u0061ssword":"a b"} x', b'{"a":1} {"password":"***"} x'),
        (rb'{x} [info] {"p\u0061ssword":"a b"}', b'{x} [info] {"password":"***"}'),
        (rb'{"p\u0061sswd":"a b"}{"p\u0061sswd":"c d"}', b'{"passwd":"***"}{"passwd":"***"}'),
        (rb'{"a":{"p\u0061ssword":"a b', b'{"a":{"password":"***'),
        (b"[" * 99 + rb'{"p\u0061ssword":"a b"}', b"[" * 99 + b'{"password":"***"}'),
        (b"[x]" * 99 + rb'{"p\u0061ssword":"a b"}', b"[x]" * 99 + b'{"password":"***"}'),
        (rb"\u009b\ud800\U0011ffff p\u0061ssword=abc", rb"\u009b\ud800\U0011ffff password=***"),
        # Nothing is secret: as it was.
        (rb'level=info msg="gr\u00fcn \u0022x\u0022" a=\x41', None),
        (rb"C:\Users\u0041 path=C:\x41\tokens", None),
        (rb'{"a":"\u0022"} {"b":"\u00fc"} [\u0041]', None),
        (rb'{"m":"no \u0022password\u0022, ok", "a": "\u0022x\u0022"}', None),
        (rb'{"ok": "gr\u00fcn",  "p\u0061ssword": null}', None),
        (rb'{"ok": "gr\u00fcn"}', None),
        (rb'{"p\u0061ssword": ', None),
        (rb"\u007b {", None),
    ],
)
def test_a_key_that_is_written_with_escapes_is_that_key(line, masked):
    """Who takes the line apart has it as it is meant; so it is masked as it is meant."""
    found = Redaction([b":password"])
    assert found.block(b"x\n" + line + b"\ny") == b"x\n" + (masked or line) + b"\ny"


@given(st.recursive(st.text() | st.none() | st.floats(allow_nan=False), st.lists), st.data())
def test_no_escape_hides_a_secret(value, data):
    """However its key is written, and whatever stands beside it."""
    key = "".join(f"\\u{ord(c):04x}" if data.draw(st.booleans()) else c for c in "db_password")
    line = f'{{"beside": {json.dumps(value)}, "{key}": "hunter2", "n": 1}}'.encode()
    done = Redaction([b":password"]).block(line)
    assert b"hunter2" not in done
    assert done.count(b"\n") == 0
    assert json.loads(done)["n"] == 1


SAID = [
    'password="hunter2 x"',
    "PASSWORD 'hunter2 x'",
    "password = 'it''hunter2'",
    "IDENTIFIED BY\t'hunter2'",
    '{"password": "hunter2", "a": 1}',
    '[{"value": "x hunter2", "name": "secret"}]',
    "user[password]=hunter2",
    "?to=%2Fx%3Fpassword%3Dhunter2",
]


@given(st.sampled_from(SAID), st.sampled_from(range(3)), st.data())
def test_no_escape_hides_what_a_text_says(said, kind, data):
    """Whatever of it is escaped, in JSON, in JSON within JSON, and in logfmt."""
    quoted = (json.dumps(c)[1:-1] for c in said)
    hidden = "".join(
        f"\\u{ord(c):04x}" if (kind < 2 or c.isalpha()) and data.draw(st.booleans()) else q
        for c, q in zip(said, quoted, strict=True)
    )
    line = f'level=info msg="{hidden}" n=1' if kind == 2 else f'{{"msg":"{hidden}","n":1}}'
    line = json.dumps({"log": line}) if kind == 1 else line
    done = Redaction([b":password"]).block(line.encode()).decode()
    if kind == 2:
        seen = repr(logfmt.parse(done.encode()))
    else:
        seen = repr(json.loads(json.loads(done)["log"] if kind else done))
    assert "hunter2" not in done + seen
    assert "***" in seen
    assert re.search("n['\"]: '?1", seen)


@pytest.mark.parametrize(
    "line",
    [
        rb'{"level": "error", "p\u0061ssword": "hunter2"}',
        rb'{"level": "error", "msg": "password=\u0022a hunter2\u0022"}',
        rb'level=error msg="\u0070assword=hunter2"',
    ],
)
def test_the_json_place_has_no_key_that_was_hidden(run, line):
    """Nor has any other."""
    line += b"\n"
    for where in "json:-", "stderr:":
        result = run("pysissylog", "--redact", ":password", "--to", where, "x", input=line)
        assert result.returncode == 0
        assert b"hunter2" not in result.stdout + result.stderr
        assert b"***" in result.stdout + result.stderr
