// What Telegram tells a Mini App stands behind the # of its address: it is handed over once, and the theme is kept for the next pages.
const told = new URLSearchParams(location.hash.slice(1));
const theme = told.get("tgWebAppThemeParams");
if (theme) sessionStorage.setItem("theme", theme);
const form = document.getElementById("launch");
form.elements.launch.value = told.get("tgWebAppData") ?? "";
history.replaceState(null, "", location.pathname);
// Within a frame no browser would send the cookie back.
if (form.elements.launch.value && window.self === window.top) form.submit();
