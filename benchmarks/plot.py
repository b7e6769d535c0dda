"""A plot as SVG, in which lines are named where they end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 60, 140, 50, 50
COLOURS = ("#c0392b", "#2471a3", "#1e8449")

Points = Sequence[tuple[float, float]]


def svg(title: str, x_title: str, y_title: str, lines: Mapping[str, Points]) -> str:
    """The plot of up to three lines, each through its (x, y); both axes begin at 0."""
    ticks_x = sorted({x for points in lines.values() for x, _ in points})
    most_y = max(y for points in lines.values() for _, y in points)
    step = next(step for step in (0.5, 1, 2, 5, 10, 20) if most_y / step <= 6)
    ticks_y = [step * number for number in range(int(most_y / step) + 2)]

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + x / ticks_x[-1] * (WIDTH - LEFT - RIGHT)
        return round(across, 1), round(HEIGHT - BOTTOM - y / ticks_y[-1] * (HEIGHT - TOP - BOTTOM), 1)

    parts = [_text(LEFT, 28, title, size=16), _text(8, TOP - 8, y_title)]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_title, anchor="middle"))
    for y in ticks_y:
        left, height = place(0, y)
        parts.append(f'<path d="M{left} {height}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(_text(left - 8, height + 4, f"{y:g}", anchor="end"))
    parts += [_text(place(x, 0)[0], HEIGHT - BOTTOM + 18, f"{x:g}", anchor="middle") for x in ticks_x]
    for (name, points), colour in zip(lines.items(), COLOURS, strict=False):
        path = " ".join(f"{x},{y}" for x, y in (place(*point) for point in points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        x, y = place(*points[-1])
        parts.append(_text(x + 8, y + 4, f"{name}: {points[-1][1]:.1f} s", colour=colour))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, colour: str = "#333") -> str:
    place = f'x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"'
    return f"<text {place}>{escape(text)}</text>"
