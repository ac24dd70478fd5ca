// A block and its box, or its lines, light up together; a click on one scrolls to the other.
const owner = event => event.target.closest?.("[data-block]");
const partners = element => document.querySelectorAll(`[data-block="${element.dataset.block}"]`);

let lit = [];
document.addEventListener("mouseover", event => {
  const element = owner(event);
  lit.forEach(other => other.classList.remove("on"));
  lit = element ? [...partners(element)] : [];
  lit.forEach(other => other.classList.add("on"));
});
document.addEventListener("click", event => {
  const element = owner(event);
  if (!element || event.target.closest("details, .content") || String(getSelection())) return;
  const other = [...partners(element)].find(one => one.closest(".blocks") !== element.closest(".blocks"));
  other?.scrollIntoView({ behavior: "smooth", block: "nearest" });
});
