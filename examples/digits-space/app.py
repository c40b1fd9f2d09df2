"""Draw a digit, and see how sure the classifier is of each of the ten."""

import gradio as gr
import numpy as np
from PIL import Image

import hublish

# Pinned: the Space shows the same model until this line changes.
MODEL, REVISION = "acme/digits-mlp", "v1.0.0"

weights = hublish.load(MODEL, revision=REVISION).arrays


def shades(drawing: Image.Image) -> np.ndarray:
    """Return a drawing of any size in the form of the training images: 64 shades from 0 (paper) to 16 (ink)."""
    ink = drawing.getchannel("A")
    if box := ink.getbbox():
        side = max(box[2] - box[0], box[3] - box[1])
        center = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
        ink = ink.crop((center[0] - side // 2, center[1] - side // 2, center[0] + side // 2, center[1] + side // 2))
    return np.asarray(ink.resize((8, 8), Image.Resampling.BOX), dtype=np.float32).reshape(1, 64) * 16 / 255


def classify(sketch: dict) -> dict[str, float]:
    """Return the probability of each digit."""
    pixels = shades(sketch["composite"]) / 16
    hidden = np.maximum(pixels @ weights["hidden.weight"] + weights["hidden.bias"], 0)
    scores = (hidden @ weights["output.weight"] + weights["output.bias"])[0]
    exponentials = np.exp(scores - scores.max())
    return dict(zip("0123456789", (exponentials / exponentials.sum()).tolist(), strict=True))


demo = gr.Interface(
    fn=classify,
    inputs=gr.Sketchpad(type="pil", image_mode="RGBA", label="Draw a digit", brush=gr.Brush(default_size=24)),
    outputs=gr.Label(num_top_classes=3, label="Digit"),
    title="Digits",
    api_name="classify",
)

if __name__ == "__main__":
    demo.launch()
