// Lights the boxes of the claim, step or box that was chosen, and dims the rest of its picture.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  function veil(svg) {
    const lit = all(".region.lit rect", svg);
    svg.querySelector(".veil").classList.toggle("on", lit.length > 0);
    if (lit.length) svg.querySelector(".holes").replaceChildren(...lit.map((rect) => rect.cloneNode()));
  }

  function choose(owner) {
    const on = owner && owner.getAttribute("aria-pressed") !== "true";
    all("[aria-pressed]").forEach((button) => button.setAttribute("aria-pressed", String(on && button === owner)));
    const ids = new Set(on ? owner.dataset.regions.split(" ").filter(Boolean) : []);
    all(".region").forEach((region) => region.classList.toggle("lit", ids.has(region.dataset.id)));
    const pictures = all(".pictures svg");
    pictures.forEach(veil);
    const shown = pictures.find((svg) => svg.querySelector(".lit"));
    if (shown) shown.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }

  document.addEventListener("click", (event) => {
    const owner = event.target.closest("[data-regions]");
    if (owner) choose(owner);
    else if (event.target.closest(".pictures svg")) choose(null);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") choose(null);
  });
})();
