"""
The colours of the page's widgets and of the report, for drawings of one's own.

Apart in lightness or in blue and yellow, so that people who see fewer colours tell them apart: the tests measure it.
"""

COLOURS = {"normal": "#708aa2", "anomaly": "#d55e00", "source": "#004c8c", "target": "#009068"}
"""By label and by domain."""
MODEL_COLOURS = ("#2f4b7c", "#7fa8c9", "#4d7f5a", "#a8c48f", "#6b5b7b", "#b9adc4")
"""Of models beside each other, in their order."""
