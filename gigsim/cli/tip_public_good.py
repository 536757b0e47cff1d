"""``gigsim tip public-good``: from a club to a public good, by excludability and by size."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    percent,
    print_json,
    print_lines,
    print_table,
)
from gigsim.cli.stored import processes_of
from gigsim.cli.tip_options import (
    DryRunOption,
    FolderOption,
    ScenarioArgument,
    SettingsOption,
    WorkersOption,
    check_folder,
    number,
    numbers_of,
    say,
    say_runs,
    whole,
)
from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.config import Config


def public_good_command(
    scenario: ScenarioArgument = "default",
    settings: SettingsOption = None,
    gammas: Annotated[
        str, typer.Option(metavar="G,...", help="Shares of the gain that outsiders have.")
    ] = "0,0.25,0.5,0.75,0.9,1",
    sizes: Annotated[
        str, typer.Option(metavar="N,...", help="Populations of the pure public good.")
    ] = "1000,4000,16000,64000",
    seeds: Annotated[int, typer.Option(min=1, metavar="K", help="So many worlds.")] = 3,
    dry_run: DryRunOption = False,
    workers: WorkersOption = None,
    out: FolderOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """From club good to public good: by the share that outsiders have, and then by N.

    Example: gigsim tip public-good examples/society.toml --gammas 0,0.5,0.9,1 --sizes 1000,10000
    """
    from gigsim.config import load

    config = load(scenario, settings or [])
    check_folder(out)
    from gigsim.dynamics.exclusion import exclusion

    steps = numbers_of("--gammas", gammas)
    for step in steps:
        if not 0 <= step <= 1:
            raise InputError("--gammas", f"{step:g} is no share", "0 to 1")
    people = [whole("--sizes", one) for one in numbers_of("--sizes", sizes)]
    if not steps and not people:
        raise InputError("--gammas", "neither these nor --sizes", "such as 0,0.5,1")
    if dry_run:
        halvings = math.ceil(math.log2(config.population.size)) + 1
        one, good = _seconds(config, steps, people)
        runs = seeds * (len(steps) * halvings + len(people))
        seconds = seeds * (len(steps) * halvings * one + good)
        among = [config.population.size] * bool(steps) + people
        said = " to ".join(f"{size:,}" for size in sorted({min(among), max(among)})) + " people"
        say_runs(runs, said, seconds, processes_of(workers), as_json=as_json)
        return
    found = exclusion(
        config,
        steps,
        people,
        range(config.run.seed, config.run.seed + seeds),
        workers=processes_of(workers),
        tell=None if quiet else lambda done, of: say(f"{done} of {of}"),
    )
    summary: dict[str, Any] = {
        "seeds": seeds,
        "source": found.source,
        "path": found.path.to_dict("records"),
        "goods": found.goods.to_dict("records"),
    }
    folder = None
    if out is not None:
        from gigsim.dynamics.folder import save
        from gigsim.dynamics.riding_figures import exclusion_figure

        tables = {"path": found.path, "line": found.line, "goods": found.goods}
        folder = save(out, "public-good", config, summary, tables, exclusion_figure(found))
    if as_json:
        print_json(summary | {"folder": None if folder is None else str(folder)})
        return
    if len(found.path):
        rows: list[tuple[str, ...]] = [
            (
                f"{row['gamma']:g}",
                _share(row["critical"]),
                _share(row["critical_simulated"]),
                _share(row["high"]),
                _share(row["high_simulated"]),
                f"{int(row['held'])} of {seeds}",
            )
            for _, row in found.path.iterrows()
        ]
        header = ("γ", "critical mass", "simulated", "equilibrium", "simulated", "held")
        title = f"By excludability, {config.population.size:,} people, mean of {seeds}"
        print_table(title, rows, header)
    if len(found.goods):
        goods: list[tuple[str, ...]] = [
            (
                f"{int(row['size']):,}",
                number(row["olson"]),
                _share(row["formula"]),
                _share(row["high"]),
                _share(row["simulated"]),
            )
            for _, row in found.goods.iterrows()
        ]
        names = ("N", "κN", "√(bκ/(cN))", "map at this N", "simulated")
        print_table(f"Pure public good, rule pivotal, mean of {seeds}", goods, names)
    lines = [f"G(α): {found.source}"]
    if len(found.path):
        lines.append(
            "held: worlds in which everybody put in leaves half of the predicted equilibrium or"
            " more; the simulated critical mass is the mean over these, the equilibrium over all"
        )
    if len(found.goods) and found.goods["formula"].isna().all():
        lines.append("√(bκ/(cN)): for identical costs on the bound of Theorem 1 only")
    if folder is not None:
        lines.append(str(folder))
    print_lines(lines)


def _seconds(config: Config, gammas: list[float], sizes: list[int]) -> tuple[float, float]:
    """Of one run by γ, and of one run at every size; 0 for what is not asked.

    The first γ and the smallest size are tried; a larger size takes as much longer as it is larger.
    """
    from gigsim.dynamics.carried import light
    from gigsim.dynamics.exclusion import club, public_good
    from gigsim.dynamics.put_in import rests_at

    by_gamma = by_size = 0.0
    if gammas:
        began = time.perf_counter()
        rests_at(light(club(config, gammas[0])), config.population.size, config.run.seed)
        by_gamma = time.perf_counter() - began
    if sizes:
        least = min(sizes)
        began = time.perf_counter()
        rests_at(light(public_good(config, least)), least, config.run.seed)
        by_size = (time.perf_counter() - began) * sum(sizes) / least
    return by_gamma, by_size


def _share(value: float) -> str:
    if math.isinf(value):
        return "never"
    return percent(None if math.isnan(value) else value, 3)
