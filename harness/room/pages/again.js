// Reloads the page if one of its files does not arrive, as when a phone changes its network while the page loads: without its scripts a page
// would stay empty. Waits until the room answers. A classic script in front of all others, so that it hears which of them fail.

{
  const AGAIN_MS = 1_000;
  let isFailed = false;

  const reload = () => fetch(location.href).then(() => location.reload(), () => setTimeout(reload, AGAIN_MS));

  addEventListener("error", ({ target }) => {
    const isFile = target instanceof HTMLScriptElement || target instanceof HTMLLinkElement;
    if (!isFile || isFailed) return;
    isFailed = true;
    setTimeout(reload, AGAIN_MS);
  }, true);
}
