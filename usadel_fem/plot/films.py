"""A film of pictures, one for each energy or time, with a slider: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from usadel_fem.plot.options import Options
from usadel_fem.plot.style import styled

FRAMES = 121
"""Most frames of a film; of more energies or times evenly chosen ones are shown."""
FILM_DPI = 130
COLOURS = 128
"""Colours of a frame: half the size of the file, nothing lost to the eye."""

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 15px/1.4 sans-serif; color: #222; background: #fff; margin: 1.5em auto; max-width: 60em;
  text-align: center; }}
img {{ max-width: 100%; height: auto; }}
form {{ display: flex; gap: .8em; align-items: center; max-width: 36em; margin: .5em auto; }}
input {{ flex: 1; }} output {{ min-width: 10em; text-align: left; }}
</style></head><body>
<h1 style="font-size: 1.1em">{title}</h1>
<img id="frame" alt="{title}" src="{first}">
{controls}
</body></html>
"""
_CONTROLS = """<form><button type="button" id="play" aria-label="play">▶</button>
<input id="step" type="range" min="0" max="{last}" value="{start}" aria-label="step">
<output id="value"></output></form>
<script>
const frames = {frames};
const texts = {texts};
const step = document.getElementById("step"), play = document.getElementById("play");
let timer = null;
function show() {{
  document.getElementById("frame").src = "data:image/png;base64," + frames[step.value];
  document.getElementById("value").textContent = texts[step.value];
}}
step.addEventListener("input", show);
play.addEventListener("click", () => {{
  if (timer) {{ clearInterval(timer); timer = null; play.textContent = "▶"; return; }}
  play.textContent = "❚❚";
  timer = setInterval(() => {{ step.value = (+step.value + 1) % frames.length; show(); }}, 120);
}});
show();
</script>"""


def film(
    draw: Callable[[Options], Figure],
    steps: Sequence[int],
    texts: Sequence[str],
    start: int,
    title: str,
    options: Options,
) -> str:
    """The HTML page of a film.

    Args:
        draw: the picture of one step, with `options.step` set.
        steps: numbers of the energies or times, in the order of the film.
        texts: what to write beside the slider at each of them.
        start: the place in the film that is shown first.
    """
    jump = -(-len(steps) // FRAMES)
    shown = sorted({*range(0, len(steps), jump), start})
    frames = [_png(draw(replace(options, step=steps[i]))) for i in shown]
    controls = _CONTROLS.format(
        last=len(frames) - 1,
        start=shown.index(start),
        frames=json.dumps(frames),
        texts=json.dumps([_plain(texts[i]) for i in shown]),
    )
    return _PAGE.format(
        title=html.escape(title), first=_address(frames[shown.index(start)]), controls=controls
    )


def still(figure: Figure, title: str) -> str:
    """The HTML page of one picture."""
    return _PAGE.format(title=html.escape(title), first=_address(_png(figure)), controls="")


def _png(figure: Figure) -> str:
    from PIL import Image

    buffer, small = io.BytesIO(), io.BytesIO()
    with styled():
        figure.savefig(buffer, format="png", dpi=FILM_DPI)
    image = Image.open(buffer).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(small, format="png", optimize=True)
    return base64.b64encode(small.getvalue()).decode("ascii")


def _address(frame: str) -> str:
    return f"data:image/png;base64,{frame}"


def _plain(text: str) -> str:
    """Mathematical text as plain text."""
    for old, new in ((r"\varepsilon", "ε"), (r"\omega", "ω"), ("$", "")):
        text = text.replace(old, new)
    return text
