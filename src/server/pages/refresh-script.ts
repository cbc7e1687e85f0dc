/** How often a page refreshes itself, in milliseconds. */
const PERIOD = 30_000;

/**
 * The script of the pages that refresh themselves. It loads the page again and replaces the parts that differ, so that the
 * scroll position stays, and gives the focus back to the element that had it. It waits while the tab is hidden, while a
 * field has the focus or holds other text, and while text is selected. Where the reader prefers reduced motion, the page
 * refreshes itself only after the button was pressed.
 */
export const REFRESH_SCRIPT = `
(() => {
  const byId = (id) => document.getElementById(id);
  const button = byId("pause");
  let paused = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let isLoading = false;
  let loadedAt = Date.now();
  let url = byId("refresh").href;

  const isBusy = () =>
    document.hidden ||
    !getSelection().isCollapsed ||
    document.activeElement?.matches("input, select, textarea") ||
    [...document.querySelectorAll("input[type=search]")].some((field) => field.value !== field.defaultValue);

  // The same element of the next page: the one with the same id, or as far down among the ones that are alike.
  const keyOf = (element) => {
    if (!element?.closest("main")) return null;
    if (element.id) return ["#" + element.id, 0];
    const link = element.getAttribute("href");
    const alike = "main " + element.localName + (link === null ? "" : "[href=" + JSON.stringify(link) + "]");
    return [alike, [...document.querySelectorAll(alike)].indexOf(element)];
  };

  const replace = (next, selector) => {
    const [from, to] = [next.querySelector(selector), document.querySelector(selector)];
    if (from && to && from.innerHTML !== to.innerHTML) to.replaceChildren(...from.childNodes);
  };

  const show = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html");
    if (!next.getElementById("refresh")) throw new Error("not this page");
    const key = keyOf(document.activeElement);
    const [left, top] = [scrollX, scrollY];
    for (const selector of ["main", "#asof"]) replace(next, selector);
    document.title = next.title;
    byId("stale").textContent = "";
    if (key) document.querySelectorAll(key[0])[key[1]]?.focus({ preventScroll: true });
    scrollTo(left, top);
  };

  const load = async () => {
    if (isLoading || paused || isBusy()) return;
    isLoading = true;
    try {
      const answer = await fetch(url, {
        headers: { accept: "text/html" },
        cache: "no-store",
        signal: AbortSignal.timeout(${PERIOD}),
      });
      const text = await answer.text();
      if (!answer.ok) {
        byId("stale").textContent = "Not updated since: the server answers " + answer.status;
        return;
      }
      // The reader may have begun to type while the answer was on its way.
      if (paused || isBusy()) return;
      show(text);
      loadedAt = Date.now();
      // A note about a release is gone from the page, and must not come back by a reload.
      if (location.href !== url) history.replaceState(null, "", url);
    } catch {
      byId("stale").textContent = "Not updated since: the server cannot be reached";
    } finally {
      isLoading = false;
    }
  };

  const label = () => {
    button.textContent = paused ? "Update every ${PERIOD / 1000} s" : "Pause";
    button.title = paused ? "The page stays as it is" : "The page updates itself every ${PERIOD / 1000} s";
  };
  button.addEventListener("click", () => {
    paused = !paused;
    label();
    load();
  });
  document.addEventListener("visibilitychange", () => {
    if (Date.now() - loadedAt >= ${PERIOD}) load();
  });
  setInterval(load, ${PERIOD});
  label();
  button.hidden = false;
})();
`;
