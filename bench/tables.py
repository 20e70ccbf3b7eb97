"""Writes the tables of a result file of side_by_side.py between the marks in bench/README.md and README.md."""

import json
import math
import pathlib
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TITLES = {
    "small": "small statements",
    "stream": "`SELECT *` of lineitem",
    "tpch-warm": "TPC-H, 22 queries, warm",
    "tpch-hot": "TPC-H, warm, with decoded columns",
    "tpch-cold": "TPC-H, cold",
    "tpch-cold-20ms": "TPC-H, cold, 20 ms for each request to the store",
    "tpcds": "TPC-DS at scale 0.02, 99 queries",
}


def peers(entries):
    return [name for name in next(iter(entries.values())) if name not in ("Skua", "old", "requests")]


def seconds(values):
    ordered = sorted(values)
    plain = lambda value: f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"
    return f"{plain(statistics.median(ordered))} ({plain(ordered[0])} to {plain(ordered[-1])})"


def ratio(entry, peer):
    return statistics.median(entry["Skua"]) / statistics.median(entry[peer])


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def summary(cases):
    lines = ["| case | against, in the same run | ratio of the times (nearest to farthest) |", "| --- | --- | --- |"]
    for case, entries in cases.items():
        for peer in peers(entries):
            ratios = [ratio(entry, peer) for entry in entries.values()]
            lines.append(f"| {TITLES[case]} | {peer} | {mean(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |")
    return lines


def details(cases):
    lines = []
    for case, entries in cases.items():
        names = ["Skua", *peers(entries)]
        lines += ["", f"**{TITLES[case]}**", "", f"| | {' | '.join(names)} | ratio |", "| --- |" + " --- |" * (len(names) + 1)]
        for query, entry in entries.items():
            times = " | ".join(seconds(entry[name]) for name in names)
            lines.append(f"| {query} | {times} | {ratio(entry, names[1]):.2f} |")
    return lines


def replace(path, lines):
    text = path.read_text()
    marked = re.compile(r"(<!-- bench: .*? -->\n).*?(<!-- bench end -->)", re.S)
    assert marked.search(text), f"{path} has no marks"
    path.write_text(marked.sub(lambda found: found.group(1) + "\n".join(lines).strip() + "\n" + found.group(2), text))


def main():
    whole = json.loads(pathlib.Path(sys.argv[1]).read_text())
    where = f"TPC-H at scale {whole['scale']}. {whole['where']}, {whole['loadAtEnd']:.1f} at the end."
    replace(ROOT / "README.md", [where, "", *summary(whole["cases"])])
    replace(ROOT / "bench" / "README.md", [where, "", *summary(whole["cases"]), *details(whole["cases"])])


if __name__ == "__main__":
    main()
