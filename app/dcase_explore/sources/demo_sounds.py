"""
The sounds of the demo: synthetic machines, made on the spot from fixed seeds.

Nothing here was recorded. Each machine is a small physical sketch: rotation, knocks and flow noise with speeds and
loads taken from a clip's attributes. Anomalies are faults of that sketch; the target domain has speeds, loads, places
or background noise that the training clips hardly contain.
"""

from collections.abc import Callable, Mapping
from math import sqrt

import numpy as np

from dcase_explore.columns import DOMAINS, LABELS, SPLITS
from dcase_explore.sources.demo_clips import ATTRIBUTES, DemoClip
from dcase_explore.sources.demo_signals import (
    N_SAMPLES,
    SAMPLE_RATE,
    SECONDS,
    TIME,
    Signal,
    Spectrum,
    bursts,
    coloured_noise,
    crossings,
    drift,
    factory_noise,
    harmonics,
    mixed_noise,
    ring,
    transfer,
    turns,
)

_SEED = 2023
_SEVERITIES = (1.0, 0.6, 0.3)  # obvious, middling, subtle


def render(clip: DemoClip) -> Signal:
    """
    Make the sound of a clip; safe to call from several threads.

    Parameters
    ----------
    clip
        One of `demo_clips`. The sound depends on nothing else.

    Returns
    -------
    ndarray, float32, shape (160000,)
        10 s at 16 kHz, mono, within ±0.95.
    """
    seed = (
        _SEED,
        list(ATTRIBUTES).index(clip.machine),
        SPLITS.index(clip.split),
        DOMAINS.index(clip.domain),
        LABELS.index(clip.label),
        clip.number,
    )
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    # Healthy machines have a little of every fault, or a detector would have nothing to mistake.
    faults = rng.uniform(0, 0.05, 2)
    if clip.label == "anomaly":
        # The kinds of fault take turns; the target domain starts with the other one.
        kind = (clip.number + DOMAINS.index(clip.domain)) % 2
        faults[kind] += _SEVERITIES[clip.number % len(_SEVERITIES)]
    make, level, background = _MACHINES[clip.machine]
    sound = make(rng, dict(clip.attributes), float(faults[0]), float(faults[1]))
    sound = sound + np.float32(background) * factory_noise(rng)
    sound *= np.float32(level * 10 ** (rng.normal(0, 0.5) / 20))
    peak = float(np.max(np.abs(sound)))
    return sound * np.float32(min(1.0, 0.95 / peak))


def _fan(rng: np.random.Generator, condition: Mapping[str, str], unbalance: float, scrape: float) -> Signal:
    """Make a fan: blade-pass tones, airflow. Faults: an unbalanced rotor; a blade that scrapes."""
    angle = turns(24 * (1 + rng.normal(0, 0.01) + drift(rng, 1.0, 0.002)))
    swing = harmonics(rng, angle, [0.7 * unbalance, 0.25 * unbalance])
    blades = harmonics(rng, 7 * angle, [0.5 / k**1.1 for k in range(1, 9)])
    airflow = coloured_noise(rng, [(60, -6), (250, 0), (800, -4), (2500, -16), (8000, -32)])
    wheel = (blades + airflow * (1 + 0.5 * blades)) * (1 + swing) + 1.2 * swing
    # The scrape comes and goes as the rotor wanders in its housing.
    strength = scrape * np.maximum(0, 1 + drift(rng, 0.6, 0.5))
    times = crossings(angle, rng.uniform())
    contact = ring((3300, 4700, 2100), 0.003)
    rub = bursts(times, 2.5 * np.interp(times, TIME, strength), contact)
    return (wheel + rub + mixed_noise(rng, condition["m-n"])).astype(np.float32)


def _gearbox(rng: np.random.Generator, condition: Mapping[str, str], chip: float, wear: float) -> Signal:
    """Make a gearbox of two stages. Faults: a chipped tooth; a worn gear that runs out of true."""
    volt, load = float(condition["volt"]), float(condition["wt"]) / 250
    angle = turns((8 + 3 * volt) * (1 + rng.normal(0, 0.015) + drift(rng, 1.0, 0.004)))
    runout = harmonics(rng, angle, [0.12 + 0.9 * wear, 0.05 + 0.3 * wear])
    # A loaded tooth flank bends more, which feeds the higher mesh harmonics.
    fall = 1.6 - 0.8 * load
    mesh = harmonics(rng, 29 * angle + 0.15 * wear * runout, [0.5 / k**fall for k in range(1, 9)])
    output = harmonics(rng, 29 / 71 * 17 * angle, [0.25 / k**fall for k in range(1, 9)])
    rattle = coloured_noise(rng, [(100, -16), (500, -5), (1500, 0), (3000, -8), (8000, -26)])
    gears = (mesh + (0.6 + 0.6 * wear) * rattle * (1 + mesh)) * (1 + runout) + output
    times = crossings(angle, rng.uniform())
    hits = bursts(times, 5.0 * chip * rng.normal(1, 0.15, times.size), ring((2600, 4300, 1500), 0.003))
    return ((0.8 + 0.08 * volt) * ((0.85 + 0.35 * load) * gears + hits)).astype(np.float32)


_PLACES: dict[str, Spectrum] = {  # path from the bearing to each microphone place
    "A": ((60, 0), (400, 0), (1500, 0), (4000, 0), (8000, 0)),
    "B": ((60, 2), (400, 0), (1500, 3), (4000, -2), (8000, -4)),
    "C": ((60, -2), (400, 3), (1500, -1), (4000, 1), (8000, -3)),
    "D": ((60, 0), (400, -3), (1500, 2), (4000, -1), (8000, 1)),
    "E": ((60, 4), (400, 3), (1500, -3), (4000, -4), (8000, -6)),
    "F": ((60, -4), (400, -5), (1500, 4), (4000, 3), (8000, 0)),
    "G": ((60, 0), (400, 5), (1500, -6), (4000, 2), (8000, -8)),
    "H": ((60, 5), (400, -5), (1500, 0), (4000, -5), (8000, 4)),
}


def _bearing(rng: np.random.Generator, condition: Mapping[str, str], outer: float, cage: float) -> Signal:
    """Make a ball bearing. Faults: a pit in the outer race; a cage that lets the balls knock."""
    speed = float(condition["vel"])
    angle = turns(speed * (1 + rng.normal(0, 0.01) + drift(rng, 1.0, 0.003)))
    shaft = harmonics(rng, angle, [0.2 / k for k in range(1, 12)])
    rolling = coloured_noise(rng, [(80, -20), (600, -10), (2500, 0), (4500, -3), (8000, -12)])
    loud = 0.6 + speed / 50
    # Even a sound bearing ticks: balls meet small marks at irregular strength.
    passes = crossings(3.58 * angle, rng.uniform())
    ticks = bursts(passes, 0.35 * loud * rng.exponential(1, passes.size), ring((2400, 1300), 0.004))
    pit = bursts(passes, 6.0 * outer * loud * rng.normal(1, 0.1, passes.size), ring((4300, 5600), 0.003))
    slips = crossings(0.4 * angle, rng.uniform())
    slips = np.repeat(slips, 3) + rng.normal(0, 0.03, 3 * slips.size)
    force = 5.0 * cage * loud * rng.uniform(0.3, 1.5, slips.size)
    knocks = bursts(slips, force, ring((780, 1250, 410), 0.02))
    roll = loud * rolling * (1 + shaft + cage * drift(rng, 0.1, 0.4))
    return transfer((roll + shaft + ticks + pit + knocks).astype(np.float32), _PLACES[condition["loc"]])


def _slider(rng: np.random.Generator, condition: Mapping[str, str], squeak: float, knock: float) -> Signal:
    """Make a carriage going back and forth. Faults: a squeak, or a knock, at one place of the rail."""
    length = 600.0  # mm
    acceleration = 9810 * float(condition["ac"])  # mm/s^2, the attribute is in g
    top = min(float(condition["vel"]), sqrt(acceleration * length)) * (1 + rng.normal(0, 0.01))
    stroke = length / top + top / acceleration  # s
    cycle = stroke + 0.25
    clock = (TIME + rng.uniform(0, cycle)) % cycle
    speed = np.clip(np.minimum(clock, stroke - clock) * acceleration, 0, top)
    stops = np.flatnonzero(np.diff(clock) < 0)
    moved = np.cumsum(speed) / SAMPLE_RATE  # mm, all strokes one after another
    trips = (moved - moved[stops[0]]) / (2 * length)  # there and back again
    relative = speed / 600
    whine = harmonics(rng, turns(100 + 0.6 * speed), [0.3, 0.5, 0.25, 0.3, 0.12, 0.15, 0.05])
    roll = coloured_noise(rng, [(100, -8), (300, 0), (900, -8), (2500, -6), (5000, -15), (8000, -28)])
    force = rng.uniform(0.5, 1.0, stops.size)
    thuds = bursts(stops / SAMPLE_RATE - 0.25, force, ring((160, 340), 0.03))
    # The bad place is passed on the way there and on the way back.
    place = rng.uniform(0.2, 0.45)
    distance = 2 * (np.abs((trips + 0.5) % 1 - 0.5) - place)
    voice = harmonics(rng, turns(2300 + 500 * relative + drift(rng, 0.02, 90)), [0.8, 0.4, 0.25])
    squeal = voice * np.exp(-((distance / 0.1) ** 2)) * np.sqrt(relative)
    hits = np.concatenate([crossings(trips, place), crossings(trips, -place)])
    blows = bursts(hits, 10 * knock * rng.uniform(0.7, 1.2, hits.size), ring((640, 1500, 3700), 0.06))
    carriage = np.cbrt(relative) * (whine + roll)
    return np.asarray(carriage + thuds + 4.0 * squeak * squeal + blows, dtype=np.float32)


# Small differences between the toys: gear ratio, body resonance in Hz.
_TOYS = {"A": (1.1, 630.0), "B": (1.0, 700.0), "C": (1.04, 740.0), "D": (0.96, 670.0), "E": (0.9, 800.0)}
_SECOND_MIC: Spectrum = ((100, 2), (1000, 0), (4000, -1), (8000, -3))  # relative to microphone 1


def _toy_car(rng: np.random.Generator, condition: Mapping[str, str], bent: float, slip: float) -> Signal:
    """Make a small electric motor with plastic gears. Faults: a bent shaft; gears that slip."""
    ratio, body = _TOYS[condition["car"][0]]
    rated = 80 + 2.4 * float(condition["spd"].rstrip("V"))  # Hz
    motor = rated * (1 + rng.normal(0, 0.02) + drift(rng, 0.4, 0.02))
    wheel = turns(motor / 24 * ratio)
    wobble = harmonics(rng, wheel, [0.2 + 0.8 * bent, 0.1])
    # While a gear slips, the motor runs free for a moment and the teeth clatter.
    starts = rng.uniform(0, SECONDS, 12)
    free = np.clip(bursts(starts, 1.0, np.hanning(4000).astype(np.float32)), 0, 1)
    motor = motor * (1 + 0.25 * slip * free + (0.01 + 0.08 * bent) * wobble)
    angle = turns(motor)
    whine = harmonics(rng, angle, [0.2, 0.15, 0.35, 0.2, 0.1, 0.25, 0.1, 0.1, 0.15, 0.05, 0.05, 0.1])
    noise = coloured_noise(rng, [(100, -20), (body, 0), (2200, -5), (4500, -3), (8000, -12)])
    teeth = harmonics(rng, angle * 0.5 * ratio, [0.6, 0.3])
    rattle = noise * (0.6 * (1 + teeth + wobble) + 1.5 * bent * np.maximum(0, wobble))
    teeth_hit = crossings(turns(70.0), rng.uniform())
    clatter = bursts(teeth_hit, 6 * slip * np.interp(teeth_hit, TIME, free), ring((3200, 5200, 1900), 0.005))
    car = (whine * (1 + 0.6 * wobble) + rattle + clatter).astype(np.float32)
    return transfer(car, _SECOND_MIC) if condition["mic"] == "2" else car


_RUMBLE = ((60, -6), (250, 0), (700, 0), (3000, -12), (8000, -26))


def _toy_train(rng: np.random.Generator, condition: Mapping[str, str], flat: float, joint: float) -> Signal:
    """Make a train clattering over the joints of a ring of track. Faults: a flat wheel; a broken joint."""
    ratio, body = _TOYS[condition["car"][0]]
    speed = 0.05 * float(condition["spd"]) * (1 + rng.normal(0, 0.015) + drift(rng, 1.0, 0.02))  # m/s
    moved = turns(speed)  # metres: "turns" of a wheel of one metre
    lap = moved / 1.6 + rng.uniform()
    near = 1 + 0.35 * np.cos(2 * np.pi * lap)  # the microphone stands at one side of the ring
    steel, broken = ring((body, 1.9 * body, 2700), 0.012), ring((420, 1150, 3600), 0.06)
    sound = 0.4 * np.sqrt(speed / 0.4) * coloured_noise(rng, _RUMBLE)
    sound += harmonics(rng, 700 * ratio * moved, [0.2, 0.12, 0.1, 0.08, 0.05])
    for axle in (0.0, 0.03, 0.16, 0.19):  # metres behind the first axle
        times = crossings(lap * 8 - axle / 0.2)
        sound += bursts(times, 4.0 * rng.uniform(0.6, 1.2, times.size), steel)
        times = crossings(lap - axle / 1.6)
        sound += bursts(times, 8 * joint * rng.uniform(0.8, 1.2, times.size), broken)
    times = crossings(moved / (np.pi * 0.03), rng.uniform())
    sound += bursts(times, 7.0 * flat * rng.uniform(0.8, 1.2, times.size), ring((210, 480, 95), 0.025))
    train = (near * sound).astype(np.float32)
    return transfer(train, _SECOND_MIC) if condition["mic"] == "2" else train


_PATTERNS = {  # cycle in s, then opening time and duration of each opening in s
    "00": (1.0, ((0.0, 0.30),)),
    "01": (1.6, ((0.0, 0.15), (0.6, 0.35))),
    "02": (0.7, ((0.0, 0.12),)),
    "03": (2.2, ((0.0, 0.12), (0.35, 0.12), (0.7, 0.6))),
}


def _valve(rng: np.random.Generator, condition: Mapping[str, str], sticking: float, leak: float) -> Signal:
    """Make a solenoid valve that lets out air. Faults: it sticks (late, double or no opening); it leaks."""
    cycle, openings = _PATTERNS[condition["pat"]]
    rounds = np.arange(-1, SECONDS / cycle + 1)[:, None] * cycle + rng.uniform(0, cycle)
    opens = (rounds + [start for start, _ in openings]).ravel()
    closes = (rounds + [start + duration for start, duration in openings]).ravel()
    heard = (closes > 0) & (opens < SECONDS)
    opens, closes = opens[heard], closes[heard]
    opens += rng.normal(0, 0.004, opens.size)
    # A fixed share of the openings fails, or a few lucky draws would turn a faulty valve into a sound one.
    order = rng.permutation(opens.size) / opens.size
    missing, late = order < 0.4 * sticking - 0.05, order > 1 - 0.5 * sticking + 0.05
    opens[late] += 0.4 * (closes - opens)[late]
    opens, closes, late = opens[~missing], closes[~missing], late[~missing]
    strength = rng.uniform(0.8, 1.2, opens.size)
    clicks = bursts(opens, 4 * strength, ring((2600, 4100, 1300), 0.006))
    clicks += bursts(closes, 2.5 * strength, ring((1700, 3300, 800), 0.008))
    clicks += bursts(opens[late] - 0.06, 4.0, ring((2600, 4100, 1300), 0.006))  # the first try
    steps = np.zeros(N_SAMPLES, dtype=np.float32)
    for times, sign in ((opens, 1.0), (closes, -1.0)):
        np.add.at(steps, np.clip(times * SAMPLE_RATE, 0, N_SAMPLES - 1).astype(np.int64), sign)
    air = coloured_noise(rng, [(200, -18), (1200, -6), (3000, 0), (6000, -3), (8000, -8)])
    return (clicks + air * (0.6 * np.cumsum(steps) + 0.25 * leak)).astype(np.float32)


_Synthesis = Callable[[np.random.Generator, Mapping[str, str], float, float], Signal]
_MACHINES: dict[str, tuple[_Synthesis, float, float]] = {  # synthesis, level, background relative to it
    "gearbox": (_gearbox, 0.045, 0.4),
    "fan": (_fan, 0.055, 0.5),
    "bearing": (_bearing, 0.06, 0.5),
    "slider": (_slider, 0.05, 0.4),
    "ToyCar": (_toy_car, 0.05, 0.4),
    "ToyTrain": (_toy_train, 0.042, 0.4),
    "valve": (_valve, 0.06, 0.3),
}
