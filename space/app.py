"""embench predict as a Gradio Space: upload a crystal, get its migration barriers with intervals."""

from __future__ import annotations

import html
import tempfile
from pathlib import Path

import gradio as gr

from embench.prediction.space import answer, write_examples


def shown(path: str | None, ion: str, interstitials: bool) -> tuple[str, str, list[str] | None]:
    """Return what the app shows: the table, the page in a frame, and the files to save."""
    found = answer(path, ion, interstitials)
    if found.html is None or found.page is None or found.document is None:
        return found.text, "", None
    style = "width:100%;height:1400px;border:0"
    frame = f'<iframe sandbox="allow-scripts" style="{style}" srcdoc="{html.escape(found.html)}"></iframe>'
    return found.text, frame, [found.page, found.document]


def build() -> gr.Blocks:
    """Return the app."""
    with gr.Blocks(title="embench predict") as app:
        gr.Markdown(
            "# Migration barriers of your crystal\nA model's estimate with an interval, not DFT. Nothing is kept."
        )
        with gr.Row():
            file = gr.File(label="Structure (CIF, POSCAR, extended XYZ)", type="filepath")
            with gr.Column():
                ion = gr.Textbox(label="Migrating ion", placeholder="Li; found where there is only one")
                interstitials = gr.Checkbox(label="Sites between the atoms as well")
                button = gr.Button("Predict", variant="primary")
        text = gr.Markdown()
        files = gr.File(label="Page and document", file_count="multiple")
        page = gr.HTML()
        gr.Examples(write_examples(Path(tempfile.mkdtemp(prefix="embench-examples-"))), inputs=[file, ion])
        button.click(shown, inputs=[file, ion, interstitials], outputs=[text, page, files])
    return app


if __name__ == "__main__":
    build().launch()
