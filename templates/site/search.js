/* Searches what was said, in the reader's own browser: Pagefind (https://pagefind.app/docs/api/) over one bundle for
   each series and school year, the latest first. Nothing leaves the browser but requests for files of this site; what
   was asked stands behind the address's #, which no browser sends. */
(() => {
  "use strict";

  const AT_A_TIME = 10; // hits shown at once
  const YEARS = 2; // school years that a search looks at by itself while it has found nothing
  const TOGETHER = 3; // files of hits asked for at the same time
  const WORDS = 60; // of an answer that are shown at most

  const by = (id) => document.getElementById(id);
  const form = by("search");
  const [found, results, hits, more, earlier] = ["found", "results", "hits", "more", "earlier"].map(by);
  const plan = JSON.parse(form.dataset.plan);
  const root = new URL(form.dataset.root, document.baseURI);
  const home = new URL(".", root);
  const choices = ["series", "when", "language", "network"].filter((name) => form.elements[name]);
  const engines = new Map(); // by language: Pagefind, once it is there
  const merged = new Map(); // by path: whether a bundle can be searched
  let current = null;

  const fold = (word) => word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const say = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const plural = (forms, n) =>
    say((n === 0 && forms.zero) || forms[new Intl.PluralRules(plan.language).select(n)] || forms.other, { n });

  async function engine(language) {
    if (!engines.has(language)) {
      const place = new URL(plan.engines[language], home);
      const ready = import(new URL("pagefind.js", place)).then(async (pagefind) => {
        await pagefind.options({ noWorker: true, basePath: place.pathname, excerptLength: WORDS });
        await pagefind.init();
        return pagefind;
      });
      ready.catch(() => engines.delete(language));
      engines.set(language, ready);
    }
    return engines.get(language);
  }

  async function merge(bundle) {
    if (!merged.get(bundle.path)) {
      const place = new URL(bundle.path, home);
      const there = engine(bundle.language).then(async (pagefind) => {
        const entry = await fetch(new URL("pagefind-entry.json", place));
        if (!entry.ok) return false; // it is being made anew, or could not be
        await pagefind.mergeIndex(place.pathname, { mergeFilter: { bundle: bundle.path }, excerptLength: WORDS });
        return true;
      });
      merged.set(bundle.path, there);
      there.then((well) => well || merged.delete(bundle.path), () => merged.delete(bundle.path));
    }
    return merged.get(bundle.path);
  }

  /* One question to the archive: which years are looked at, which pages hold hits, which hits are waiting to be shown. */
  class Search {
    constructor(asked) {
      this.asked = asked;
      const [year, term] = (asked.when || "").split(" ");
      this.term = term;
      const wanted = plan.bundles.filter(
        (one) => (!asked.series || one.series === asked.series) && (!year || one.year === Number(year)),
      );
      this.years = [...new Set(wanted.map((one) => one.year))];
      this.wanted = wanted;
      this.words = asked.q.trim().split(/\s+/);
      this.pages = [];
      this.whole = []; // answers that hold every word
      this.partly = []; // answers that hold some
      this.shown = 0;
      this.broken = false;
    }

    get none() {
      return !this.shown && !this.whole.length && !this.partly.length;
    }

    get over() {
      return !this.pages.length && !this.whole.length && (this.shown || !this.partly.length);
    }

    async further() {
      const year = this.years.shift();
      const now = this.wanted.filter((one) => one.year === year);
      const well = await Promise.all(now.map((one) => merge(one)));
      const bundles = now.filter((_, at) => well[at]);
      this.broken ||= bundles.length < now.length;
      for (const language of new Set(bundles.map((one) => one.language))) {
        const paths = bundles.filter((one) => one.language === language).map((one) => one.path);
        const filters = { bundle: { any: paths } };
        if (this.term) filters.term = this.term;
        if (this.asked.language) filters.language = this.asked.language;
        if (this.asked.network) filters.network = this.asked.network;
        const answered = await (await engine(language)).search(this.asked.q, { filters });
        this.pages.push(...answered.results);
      }
    }

    async load() {
      const pages = await Promise.all(this.pages.splice(0, TOGETHER).map((page) => page.data()));
      for (const page of pages) {
        const mine = answers(page).map((one) => hit(page, one));
        mine.sort((one, other) => other.marks - one.marks || other.weight - one.weight);
        for (const one of mine) (one.marks >= this.words.length ? this.whole : this.partly).push(one);
      }
    }

    /* The next hits. Answers that hold only some of the words count where none holds all of them. */
    async next() {
      const looked = this.years.length;
      while (this.whole.length < AT_A_TIME) {
        if (this.pages.length) await this.load();
        else if (this.none && this.years.length && looked - this.years.length < YEARS) await this.further();
        else break;
      }
      if (!this.shown && !this.whole.length) this.whole = this.partly.splice(0);
      const mine = this.whole.splice(0, AT_A_TIME);
      this.shown += mine.length;
      return mine;
    }
  }

  /* The answers of a page in which something was found: each reaches from its heading to the next one. (Pagefind's own
     sub-results leave out headings without words, and names are no words here.) */
  function answers(page) {
    const text = page.raw_content;
    const words = text.includes("\u200B") ? text.split("\u200B") : text.split(/\s+/);
    const joiner = text.includes("\u200B") ? "" : " ";
    const starts = page.anchors.filter((one) => /^h\d$/i.test(one.element)).sort((one, other) => one.location - other.location);
    return starts.flatMap((anchor, at) => {
      const end = starts[at + 1]?.location ?? words.length;
      const here = page.weighted_locations.filter((one) => one.location >= anchor.location && one.location < end);
      if (!here.length) return [];
      const first = Math.max(anchor.location, Math.min(here[0].location - WORDS / 3, end - WORDS));
      const mine = words.slice(first, Math.min(first + WORDS, end));
      const marked = new Set(here.map((one) => one.location - first));
      const parts = mine.map((word, place) => ({ text: plain(word), after: joiner, marked: marked.has(place) }));
      if (first > anchor.location) parts.unshift({ text: "…", after: " ", marked: false });
      if (first + WORDS < end) parts.push({ text: "…", after: "", marked: false });
      return [
        {
          anchor,
          parts,
          marks: new Set(here.map((one) => stem(plain(words[one.location] ?? "")))).size,
          weight: here.reduce((sum, one) => sum + one.balanced_score, 0),
        },
      ];
    });
  }

  const plain = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">");
  const stem = (word) => fold(word).replace(/[^\p{L}\p{N}]/gu, "").slice(0, 4);

  /* A hit as it is shown. What people wrote is only ever text here, never read as HTML. */
  function hit(page, one) {
    const value = (name) => (page.filters[name] || [""])[0];
    const author = (page.filters._by || []).find((each) => each.startsWith(`${one.anchor.id} `));
    const chat = (page.raw_url || page.url).replace(/^\//, "").replace(/[^/]*$/, "index.html");
    const link = new URL(chat, home);
    link.hash = one.anchor.id;
    return {
      parts: one.parts,
      marks: one.marks,
      weight: one.weight,
      link,
      title: author
        ? say(plan.say.by, { name: author.slice(one.anchor.id.length + 1), label: value("_label") })
        : say(plan.say.by_question, { label: one.anchor.id.toUpperCase() }),
      from: [value("_topic"), value("_day"), value("_tag"), names.get(value("network"))].filter(Boolean).join(" · "),
      language: value("language"),
    };
  }

  const names = new Map([...(form.elements.network || [])].map((one) => [one.value, one.value && one.text]));

  function element(name, text, kind) {
    const made = document.createElement(name);
    if (kind) made.className = kind;
    made.append(...[text].flat());
    return made;
  }

  /* People answer in more languages than series are held in: one that a hit is in can be chosen from then on. */
  function offer(language) {
    const choice = form.elements.language;
    if (!choice || !/^[a-z]{2,3}$/.test(language) || language === "und") return;
    if ([...choice.options].some((one) => one.value === language)) return;
    const name = new Intl.DisplayNames([language], { type: "language" }).of(language);
    choice.append(new Option(name.charAt(0).toLocaleUpperCase(language) + name.slice(1), language));
  }

  function item(one) {
    offer(one.language);
    const link = element("a", one.title);
    link.href = one.link;
    const words = element("p", one.parts.flatMap((part) => [part.marked ? element("mark", part.text) : part.text, part.after]), "words");
    words.dir = "auto";
    if (one.language && one.language !== "und") words.lang = one.language;
    const made = element("li", [element("h3", link), words, element("p", one.from, "from")]);
    made.className = "hit";
    return made;
  }

  async function show(search, { moved = false } = {}) {
    found.textContent = plan.say.searching;
    results.setAttribute("aria-busy", "true");
    let mine = [];
    try {
      mine = await search.next();
    } catch {
      search.broken = true;
    }
    if (search !== current) return;
    const items = mine.map(item);
    hits.append(...items);
    results.hidden = !search.shown && !search.years.length;
    results.removeAttribute("aria-busy");
    more.hidden = search.over;
    earlier.hidden = !search.over || !search.years.length;
    const told = [plural(search.over ? plan.hits : plan.first, search.shown)];
    if (search.broken) told.push(search.shown ? plan.say.partly : plan.say.broken);
    if (search.broken && !search.shown) told.shift();
    found.textContent = told.join(" ");
    if (moved && items.length) items[0].querySelector("a").focus();
    else if (moved) found.focus();
  }

  function begin() {
    const asked = Object.fromEntries(["q", ...choices].map((name) => [name, form.elements[name].value]));
    if (!asked.q.trim()) return;
    const kept = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
    history.replaceState(null, "", `#${kept}`);
    hits.replaceChildren();
    current = new Search(asked);
    show(current);
  }

  function clear() {
    current = null;
    form.reset();
    hits.replaceChildren();
    results.hidden = true;
    found.textContent = "";
    history.replaceState(null, "", location.pathname);
    form.elements.q.focus();
  }

  if (location.protocol === "file:") return; // no browser lets a page read its neighbours there; the page says so
  by("without").hidden = true;
  form.hidden = false;
  found.tabIndex = -1;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    begin();
  });
  for (const name of choices) form.elements[name].addEventListener("change", begin);
  document.addEventListener("keydown", (event) => event.key === "Escape" && clear());
  more.addEventListener("click", () => show(current, { moved: true }));
  earlier.addEventListener("click", async () => {
    const search = current;
    try {
      await search.further();
    } catch {
      search.broken = true;
    }
    if (search === current) show(search, { moved: true });
  });
  const before = new URLSearchParams(location.hash.slice(1));
  offer(before.get("language"));
  for (const name of ["q", ...choices]) if (before.get(name)) form.elements[name].value = before.get(name);
  if (before.get("q")) begin();
})();
