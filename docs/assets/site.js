// A wide table scrolls sideways, also by the keys of a reader who uses no pointer.
addEventListener("load", () => {
  for (const table of document.querySelectorAll(".md-typeset__scrollwrap")) table.tabIndex = 0;
});
