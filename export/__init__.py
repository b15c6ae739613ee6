"""From a trained network to a style: an ONNX file that is a complete frame function, checked against torch."""
