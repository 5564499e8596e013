"""`make screenshots`: every page on the sample, in French, by day and by night, on a wide screen and on a phone.

    python tests/screenshots.py

The pictures go into docs/pages/ with a README that shows them. They show a page from top to bottom; a long one in
parts.
"""

import math
import tempfile
from io import BytesIO
from itertools import product
from pathlib import Path

from browsing import PHONE, WIDE, Site, chromium, drawn, opened, sample_served, visitor
from PIL import Image
from playwright.sync_api import Browser, Page

from workbench.app import PAGES
from workbench.text import Words

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pages"
SIZES = {"wide": WIDE, "phone": PHONE}
SCHEMES = ("light", "dark")
LIMIT_BYTES, COLOURS = 200_000, 192
SCALE = 0.02

CONTENT_HEIGHT = "Math.max(innerHeight, document.querySelector('[data-testid=stMain]').scrollHeight)"


def picture_of(screen: Page, width: int) -> Image.Image:
    """A page from top to bottom: the window is made as high as what it shows, and shown again."""
    for _ in range(2):
        screen.set_viewport_size({"width": width, "height": screen.evaluate(CONTENT_HEIGHT)})
        drawn(screen)
    return Image.open(BytesIO(screen.screenshot(animations="disabled"))).convert("RGB")


def parts(picture: Image.Image) -> list[bytes]:
    """A picture as PNG, cut across into as few equal parts as keep each within the limit."""
    cuts = 0
    while True:
        cuts += 1
        height = math.ceil(picture.height / cuts)
        boxes = [(0, top, picture.width, min(top + height, picture.height)) for top in range(0, picture.height, height)]
        written = [png(picture.crop(box)) for box in boxes]
        if max(map(len, written)) <= LIMIT_BYTES:
            return written


def png(picture: Image.Image) -> bytes:
    """A PNG of few colours: pages are flat, and lose nothing that one would see."""
    out = BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def take(browser: Browser, site: Site, page: str, size: str, scheme: str) -> list[Path]:
    """The pictures of one page, by a visitor of its own: one, or its parts."""
    with visitor(browser, SIZES[size], scheme) as came:
        written = parts(picture_of(opened(came.new_page(), site, page), SIZES[size][0]))
    names = [f"{page}-{size}-{scheme}{f'-{number}' if number > 1 else ''}.png" for number in range(1, len(written) + 1)]
    for name, picture in zip(names, written, strict=True):
        (FOLDER / name).write_bytes(picture)
        print(f"{name}  {len(picture) // 1000} kB", flush=True)
    return [FOLDER / name for name in names]


def gallery() -> str:
    """The README of the folder: each page as it looks, and its other pictures."""
    words = Words("fr")
    lines = ["# The pages, on the sample", "", "Made by `make screenshots`; every number in them is invented.", ""]
    for page in PAGES:
        title, shown = words(f"page.{page}.title"), f"{page}-wide-light.png"
        others = sorted(file.name for file in FOLDER.glob(f"{page}-*.png") if file.name != shown)
        lines += [f"## {title}", "", f"![{title}]({shown})", ""]
        lines += [" · ".join(f"[{name.removeprefix(f'{page}-').removesuffix('.png')}]({name})" for name in others), ""]
    return "\n".join(lines)


def main() -> None:
    """Serve the sample and take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    former = set(FOLDER.glob("*.png"))
    with tempfile.TemporaryDirectory() as folder, sample_served(Path(folder), SCALE) as site, chromium() as browser:
        taken = [file for look in product(PAGES, SIZES, SCHEMES) for file in take(browser, site, *look)]
    for file in former.difference(taken):
        file.unlink()
    (FOLDER / "README.md").write_text(gallery(), encoding="utf-8")


if __name__ == "__main__":
    main()
