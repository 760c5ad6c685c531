// The archive's chats, its series' page, home and feed, as Eleventy makes them. Input and output come with the command.

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
const escaped = (text) => text.replace(/[&<>"']/g, (letter) => escapes[letter]);
const link = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?]/g;

/** Somebody's words as paragraphs with their links. */
function said(text) {
  let body = "";
  let done = 0;
  for (const found of text.matchAll(link)) {
    const uri = escaped(found[0]);
    body += `${escaped(text.slice(done, found.index))}<a href="${uri}" rel="nofollow noopener">${uri}</a>`;
    done = found.index + found[0].length;
  }
  body += escaped(text.slice(done));
  return body.split(/\n\n+/).map((part) => `<p dir="auto">${part.replaceAll("\n", "<br>")}</p>`).join("\n");
}

const days = new Map();
const clocks = new Map();

/** An object that formats, kept for the next time: making one costs more than a hundred uses. */
function kept(known, zone, options) {
  if (!known.has(zone)) known.set(zone, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return known.get(zone);
}

export default function (eleventy) {
  eleventy.addFilter("said", said);
  eleventy.addFilter("clock", (at, zone) =>
    kept(clocks, zone, { hour: "2-digit", minute: "2-digit" }).format(new Date(at)));
  eleventy.addFilter("day", (at, zone) =>
    kept(days, zone, { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(new Date(at)));
  eleventy.addFilter("host", (uri) => uri.replace(/^https?:\/\/(www\.)?/, ""));
  eleventy.addFilter("answers", (told) => {
    const count = (some) => some.reduce((sum, one) => sum + 1 + count(one.replies), 0);
    return told.reduce((sum, question) => sum + count(question.answers), 0);
  });
  eleventy.addFilter("latest", (some, most) => some.slice(-most).reverse());
  eleventy.addCollection("told", (all) => all.getFilteredByTag("chat").sort((a, b) => (a.data.id < b.data.id ? -1 : 1)));
  eleventy.addPassthroughCopy({ "look.css": "look.css" });
}

export const config = { htmlTemplateEngine: "njk" };
