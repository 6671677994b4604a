"""What mkdocs.yml hooks in: files beside docs/ that pages link to become part of the site."""

from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
README = "README.md"  # its place in the site is docs/index.md


def _beside():
    found = [*ROOT.glob("*.md"), *ROOT.glob("contrib/examples/*.py")]
    return [str(path.relative_to(ROOT)) for path in found if path.name != README]


def on_files(files, *, config):
    """Add the files, at the place that they have in the tree."""
    for name in _beside():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown, *, page, config, files):  # noqa: ARG001 - mkdocs names them
    """Have links between docs/ and what is beside it lead to the same files in the site."""
    name = page.file.src_uri
    if (ROOT / name).exists():
        return markdown.replace("](docs/", "](").replace(f"]({README}", "](index.md")
    up = "../" * name.count("/")
    for other in _beside():
        markdown = markdown.replace(f"]({up}../{other}", f"]({up}{other}")
    return markdown
