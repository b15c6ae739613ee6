"""The live half: paints a camera, a clip, a stream or a still with an exported style. Never imports torch."""
