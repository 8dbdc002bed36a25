const button = document.getElementById("download");
button.hidden = false;
button.addEventListener("click", () => {
  const text = `${JSON.stringify(read("embench-document"), null, 1)}\n`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = button.dataset.file;
  link.click();
  URL.revokeObjectURL(link.href);
});
