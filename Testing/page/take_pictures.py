"""Take the pictures of docs/viewer.md: python Testing/page/take_pictures.py"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from page_viewer import CHROMIUM, FLAGS, Server, Viewer

DOCS = Path(__file__).parents[2] / "docs"
WIDTH = 1440
QUALITY = 82


def save(viewer: Viewer, name: str) -> None:
    """Write the page as docs/serve-NAME.jpg."""
    viewer.page.wait_for_timeout(600)
    with Image.open(BytesIO(viewer.page.screenshot())) as picture:
        picture.convert("RGB").save(DOCS / f"serve-{name}.jpg", quality=QUALITY, optimize=True)


def scroll_to_top(viewer: Viewer) -> None:
    viewer.page.evaluate("document.activeElement.blur(); document.querySelector('.panel').scrollTo(0, 0)")


def take_pictures(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": WIDTH, "height": 900}, locale="en-US")
    viewer = Viewer(context, server, DOCS).open()
    viewer.open_sample()
    viewer.run("Consolidation in the left lower zone. No pleural effusion.")
    viewer.page.get_by_role("radio", name="Outline and fill").check(force=True)
    viewer.page.locator("#fill").fill("0.2")
    scroll_to_top(viewer)
    save(viewer, "result")
    viewer.page.get_by_role("radio", name="Outline", exact=True).check(force=True)
    viewer.page.click("#compare")
    viewer.run("Opacities in both lungs.")
    viewer.page.select_option("#map", "probability")
    viewer.page.wait_for_selector("#message", state="hidden")
    scroll_to_top(viewer)
    save(viewer, "compare")
    context.close()


def main() -> None:
    server = Server()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        take_pictures(browser, server)
        browser.close()
    server.stop()


if __name__ == "__main__":
    main()
