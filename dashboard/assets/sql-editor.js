// The SQL page's editor, and the shelf of tables and questions beside it. Ace comes from our own routes; what is typed stays in the
// browser (per tab, over reloads), and goes to the server when it is run, or when something else of the page is pressed.
const DRAFT = "wangge-sql-draft";
const SHORTEST_PREFIX = 1;
const SYNC_AFTER_MS = 400;
const KEYWORDS = ("all and anti any as asc at between by case cast collate columns cross cube current date desc describe distinct else end escape " +
  "except exclude exists explain false fetch filter first following from full group grouping having ilike in inner intersect interval is join " +
  "last lateral left like limit materialized natural not null nulls offset on or order outer over partition pivot positional preceding qualify range " +
  "recursive replace right rollup row rows sample select semi sets show similar some struct summarize table tablesample then timestamp timestamptz to true try_cast " +
  "unbounded union unnest unpivot using values when where window with within").split(" ");
const TYPES = "bigint blob boolean date decimal double float hugeint integer interval json real smallint time timestamp timestamptz tinyint uuid varchar".split(" ");

let loading;
let active; // the editor of the page, for what is pressed beside it

function load(addresses) {
  loading ??= addresses.reduce((before, address) => before.then(() => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = done;
    script.onerror = () => failed(new Error(address));
    document.head.append(script);
  })), Promise.resolve()).then(() => prepare(window.ace, addresses[0]));
  return loading;
}

function prepare(ace, address) {
  ace.config.set("basePath", address.slice(0, address.lastIndexOf("/")));
  ace.define("ace/mode/wangge_sql", ["require", "exports", "ace/lib/oop", "ace/mode/text", "ace/mode/text_highlight_rules"], (require, exports) => {
    const oop = require("ace/lib/oop");
    const Text = require("ace/mode/text").Mode;
    const Rules = require("ace/mode/text_highlight_rules").TextHighlightRules;
    function Sql() {
      const word = this.createKeywordMapper({ keyword: KEYWORDS.join("|"), "storage.type": TYPES.join("|") }, "identifier", true);
      this.$rules = {
        start: [
          { token: "comment", regex: "--.*$" },
          { token: "comment", regex: "/\\*", push: [{ token: "comment", regex: "\\*/", next: "pop" }, { defaultToken: "comment" }] },
          { token: "string", regex: "'", push: [{ token: "string", regex: "''" }, { token: "string", regex: "'", next: "pop" }, { defaultToken: "string" }] },
          { token: "identifier", regex: '"(?:[^"]|"")*"?' },
          { token: "variable.parameter", regex: "\\$\\w+" },
          { token: "constant.numeric", regex: "\\b\\d+(?:_\\d+)*(?:\\.\\d+)?(?:e[+-]?\\d+)?\\b", caseInsensitive: true },
          { regex: "[A-Za-z_]\\w*\\s*\\(", onMatch: call },
          { token: word, regex: "[A-Za-z_\\u0080-\\uFFFF][\\w\\u0080-\\uFFFF]*" },
          { token: "text", regex: "\\s+" },
        ],
      };
      function call(value) {
        const [, name, space] = /^(\w+)(\s*)/.exec(value);
        const kind = KEYWORDS.includes(name.toLowerCase()) ? "keyword" : "support.function";
        return [{ type: kind, value: name }, { type: "text", value: space }, { type: "paren.lparen", value: "(" }].filter((one) => one.value);
      }
      this.normalizeRules();
    }
    oop.inherits(Sql, Rules);
    function Mode() { this.HighlightRules = Sql; this.$behaviour = this.$defaultBehaviour; }
    oop.inherits(Mode, Text);
    Mode.prototype.lineCommentStart = "--";
    Mode.prototype.blockComment = { start: "/*", end: "*/" };
    Mode.prototype.$id = "ace/mode/wangge_sql";
    exports.Mode = Mode;
  });
  ace.define("ace/theme/wangge", ["require", "exports"], (require, exports) => {
    exports.isDark = false;
    exports.cssClass = "ace-wangge";
    exports.cssText = ""; // sql.css has it, in the page's tokens
  });
  return ace;
}

// ---- the editor

export function showEditor(component) {
  const { parentElement: parent, data } = component;
  const host = parent.querySelector(".wg-sql-editor") || parent.appendChild(Object.assign(document.createElement("div"), { className: "wg-sql-editor" }));
  host.component = component;
  load(data.scripts).then((ace) => (host.desk ? host.desk.follow(data) : start(ace, host))).catch((error) => {
    host.textContent = `${data.words.not_loaded} ${error.message}`;
  });
}

function start(ace, host) {
  const { data } = host.component;
  const editor = ace.edit(host, {
    mode: "ace/mode/wangge_sql", theme: "ace/theme/wangge", useWorker: false, showPrintMargin: false, fontSize: 14, tabSize: 2, useSoftTabs: true,
    enableBasicAutocompletion: true, enableLiveAutocompletion: true, highlightActiveLine: false, highlightGutterLine: false, showFoldWidgets: false, behavioursEnabled: false,
    scrollPastEnd: 0, wrap: matchMedia("(max-width: 640px)").matches, indentedSoftWrap: false, fixedWidthGutter: true, liveAutocompletionThreshold: SHORTEST_PREFIX,
    fontFamily: '"Source Code Pro", "Noto Sans Mono CJK SC", monospace', placeholder: data.words.placeholder,
  });
  const session = editor.session;
  let openedId = "";
  let sent = "";
  let marker = null;
  let shownError = "";
  let timer = 0;
  let readParams = "";
  let copied = data.copied.count;

  const pack = () => ({ of: openedId, text: editor.getValue() });
  const keep = () => { try { sessionStorage.setItem(DRAFT, JSON.stringify(pack())); } catch { /* a full or forbidden store: the page works without */ } };
  function send() {
    const text = editor.getValue();
    if (text === sent) return;
    sent = text;
    host.component.setStateValue("draft", pack());
  }
  function open(id, text) {
    openedId = id;
    sent = text;
    if (editor.getValue() !== text) {
      session.doc.setValue(text); // can be undone
      editor.selection.moveTo(0, 0);
      editor.renderer.scrollToLine(0);
    }
    keep();
  }
  function readDraft() {
    try {
      const draft = JSON.parse(sessionStorage.getItem(DRAFT));
      return draft && typeof draft.text === "string" && typeof draft.of === "string" ? draft : null;
    } catch { return null; }
  }
  function point(error) {
    const told = JSON.stringify(error || null);
    if (told === shownError) return;
    shownError = told;
    if (marker !== null) session.removeMarker(marker);
    marker = null;
    session.clearAnnotations();
    if (!error || !error.line) return;
    const line = session.getLine(error.line - 1) || "";
    const begin = Math.min(error.column - 1, line.length);
    const long = (/^[\w\u0080-\uFFFF]+/.exec(line.slice(begin)) || ["x"])[0].length;
    const Range = ace.require("ace/range").Range;
    marker = session.addMarker(new Range(error.line - 1, begin, error.line - 1, begin + long), "wg-sql-wrong", "text");
    session.setAnnotations([{ row: error.line - 1, column: begin, text: error.message, type: "error" }]);
    editor.renderer.scrollCursorIntoView({ row: error.line - 1, column: begin });
  }

  host.desk = {
    editor,
    follow(newer) {
      editor.textInput.getElement().setAttribute("aria-label", newer.words.label);
      if (newer.opened.id !== openedId) open(newer.opened.id, newer.opened.text);
      point(newer.error);
      if (newer.copied.count > copied) copy(location.origin + location.pathname + newer.copied.query);
      copied = newer.copied.count;
    },
    insert(text) { editor.insert(text); editor.focus(); },
    send,
  };
  active = host.desk;

  const draft = readDraft();
  if (draft && (data.opened.id === "start" || draft.of === data.opened.id)) {
    open(data.opened.id, data.opened.text);
    if (draft.text !== data.opened.text) { editor.setValue(draft.text, -1); keep(); }
  } else {
    if (draft) editor.setValue(draft.text, -1); // what was there can be had again by undoing
    open(data.opened.id, data.opened.text);
  }
  host.desk.follow(data);
  send();

  editor.on("change", () => {
    keep();
    if (marker !== null) { session.removeMarker(marker); marker = null; session.clearAnnotations(); }
    clearTimeout(timer);
    timer = setTimeout(() => { // a parameter came or went: the page shows what chooses its value
      const found = [...new Set(editor.getValue().match(/\$\w+/g) || [])].sort().join();
      if (found !== readParams) { readParams = found; send(); }
    }, SYNC_AFTER_MS);
  });
  editor.on("blur", send);
  const flush = (event) => { if (!host.isConnected) document.removeEventListener("pointerdown", flush, true); else if (!host.contains(event.target)) send(); };
  document.addEventListener("pointerdown", flush, true);
  editor.commands.addCommand({
    name: "run", bindKey: { win: "Ctrl-Enter", mac: "Command-Enter|Ctrl-Enter" },
    exec() { sent = editor.getValue(); host.component.setTriggerValue("run", pack()); },
  });
  editor.completers = [makeCompleter()];
  // names come by themselves while one types: Enter is then the end of a line, unless one has gone to a name; Tab takes the first
  const completer = ace.require("ace/autocomplete").Autocomplete.for(editor);
  // Ace looks a moment later at what was typed; a Tab that comes sooner would put a name beside letters that it has not seen yet
  const insertMatch = completer.insertMatch.bind(completer);
  completer.insertMatch = (chosen) => {
    completer.updateCompletions(true);
    return completer.completions ? insertMatch(chosen) : false;
  };
  completer.keyboardHandler.bindKey("Return", () => {
    if (!completer.autoShown || completer.popup.getRow() > 0) return completer.insertMatch();
    completer.detach();
    return false;
  });
  editor.commands.on("afterExec", ({ command, args }) => { // behind a dot other names come than those just offered
    if (command.name !== "insertstring" || args !== ".") return;
    completer.detach();
    completer.autoShown = true;
    completer.showPopup(editor);
  });
  new ResizeObserver(() => editor.resize()).observe(host);
}

// Over plain HTTP a browser has no clipboard to write to; what is selected can be copied there too.
function copy(text) {
  const select = () => {
    const area = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
    area.style.cssText = "position:fixed;opacity:0";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };
  if (navigator.clipboard) navigator.clipboard.writeText(text).catch(select);
  else select();
}

// Columns of the tables that the text names come first; behind an alias's dot only its table's.
function makeCompleter() {
  return {
    identifierRegexps: [/[\w$\u0080-\uFFFF]/],
    triggerCharacters: ["."],
    getCompletions(editor, session, position, prefix, give) {
      const { tables, params, functions } = window.wanggeSqlShelf || { tables: [], params: [], functions: [] };
      const text = editor.getValue();
      const before = session.getLine(position.row).slice(0, position.column);
      const named = namedTables(text, tables);
      const dot = /([\w\u0080-\uFFFF]+)\.[\w\u0080-\uFFFF]*$/.exec(before);
      const column = (table, score) => (one) => ({ caption: one.name, value: one.name, meta: one.type, score, docText: [one.about, table.name].filter(Boolean).join("\n") });
      if (dot) {
        const table = named.get(dot[1].toLowerCase()) || tables.find((one) => one.name === dot[1].toLowerCase());
        return give(null, table ? table.columns.map(column(table, 900)) : []);
      }
      const found = new Map();
      const add = (one) => { const kept = found.get(one.caption); if (!kept || kept.score < one.score) found.set(one.caption, one); };
      const inText = new Set(named.values());
      for (const table of tables) {
        add({ caption: table.name, value: table.name, meta: table.kind, score: 500, docText: table.about });
        if (inText.has(table)) table.columns.map(column(table, 700)).forEach(add);
      }
      for (const one of params) add({ caption: `$${one.name}`, value: `$${one.name}`, meta: one.type, score: prefix.startsWith("$") ? 950 : 90, docText: one.about });
      for (const word of KEYWORDS) add({ caption: word, value: word, meta: "", score: 300 });
      for (const word of TYPES) add({ caption: word, value: word, meta: "", score: 100 });
      for (const word of functions) add({ caption: word, value: `${word}(`, meta: "()", score: 50 });
      if (inText.size === 0) for (const table of tables) table.columns.map(column(table, 200)).forEach(add);
      give(null, [...found.values()]);
    },
  };
}

function namedTables(text, tables) {
  const byName = new Map(tables.map((one) => [one.name, one]));
  const found = new Map();
  for (const [, name, alias] of text.matchAll(/(?:\b(?:from|join)\s+|,\s*)(?:situation\.)?(\w+)(?:\s+(?:as\s+)?(\w+))?/gi)) {
    const table = byName.get(name.toLowerCase());
    if (!table) continue;
    found.set(name.toLowerCase(), table);
    if (alias && !KEYWORDS.includes(alias.toLowerCase())) found.set(alias.toLowerCase(), table);
  }
  return found;
}

// ---- the shelf: tables and columns, questions; searched here, without the server

export function showShelf(component) {
  const { parentElement: parent, data } = component;
  const host = parent.querySelector(".wg-sql-shelf") || parent.appendChild(Object.assign(document.createElement("div"), { className: "wg-sql-shelf" }));
  host.component = component;
  window.wanggeSqlShelf = data; // what is completed in the editor
  const told = JSON.stringify(data);
  if (host.told === told) return;
  host.told = told;
  host.state ??= { view: "tables", text: "", open: new Set() };
  draw(host, data);
}

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== "") made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function draw(host, data) {
  const { state } = host;
  const words = data.words;
  const list = make("div", { class: "wg-sql-list" });
  const search = make("input", { type: "search", "aria-label": words.search, autocomplete: "off", spellcheck: "false" });
  search.value = state.text;
  const tabs = make("div", { class: "wg-sql-tabs", role: "tablist" });
  const views = { tables: words.tables, questions: `${words.questions} ${data.questions.length}` };
  const buttons = Object.entries(views).map(([view, label]) => {
    const button = make("button", { type: "button", role: "tab" }, label);
    button.onclick = () => { state.view = view; fill(); };
    tabs.append(button);
    return [view, button];
  });
  function fill() {
    for (const [view, button] of buttons) button.setAttribute("aria-selected", String(view === state.view));
    search.placeholder = state.view === "tables" ? words.search_tables : words.search_questions;
    const wanted = state.text.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (...texts) => { const all = texts.join(" ").toLowerCase(); return wanted.every((word) => all.includes(word)); };
    const rows = state.view === "tables" ? drawTables(host, data, wanted.length > 0, fits) : drawQuestions(host, data, wanted.length > 0, fits);
    list.replaceChildren(...(rows.length ? rows : [make("p", { class: "wg-facts" }, words.nothing)]));
  }
  search.oninput = () => { state.text = search.value; fill(); };
  const hadFocus = host.contains(document.activeElement) && document.activeElement.type === "search";
  const top = host.querySelector(".wg-sql-list")?.scrollTop || 0;
  host.replaceChildren(tabs, search, list);
  fill();
  list.scrollTop = top;
  if (hadFocus) search.focus();
}

function fold(host, key, isOpen, summary, children, title) {
  const details = make("details", { title }, summary, ...children);
  details.open = isOpen || host.state.open.has(key);
  details.ontoggle = () => {
    if (isOpen) return; // what a search opens closes with it
    if (details.open) host.state.open.add(key);
    else host.state.open.delete(key);
  };
  return details;
}

function inserting(label, text, title, className) {
  const button = make("button", { type: "button", class: className, title }, label);
  button.onclick = (event) => { event.preventDefault(); active?.insert(text); };
  return button;
}

function drawTables(host, data, searches, fits) {
  return data.kinds.map((kind) => {
    const tables = data.tables.filter((table) => table.kind === kind.name).map((table) => {
      const own = fits(table.name, table.about);
      const columns = table.columns.filter((column) => own || fits(table.name, table.about, column.name, column.about));
      if (!own && !columns.length) return null;
      const summary = make("summary", {}, inserting(table.name, table.name, table.about, "wg-sql-name"), make("small", {}, table.rows));
      return fold(host, table.name, searches && !own, summary, columns.map((column) =>
        make("div", { class: "wg-sql-column" }, inserting(column.name, column.name, column.about, "wg-sql-name"), make("small", {}, column.type))));
    }).filter(Boolean);
    if (!tables.length) return null;
    const details = make("details", { class: "wg-sql-kind" }, make("summary", {}, make("b", {}, kind.name), make("small", {}, kind.label)), ...tables);
    details.open = true;
    return details;
  }).filter(Boolean);
}

function drawQuestions(host, data, searches, fits) {
  return data.folders.map((folder) => {
    const found = data.questions.filter((one) => one.folder === folder.name && fits(one.name, one.title, one.about)).map((one) => {
      const button = make("button", { type: "button", class: "wg-sql-question", title: one.about }, make("span", {}, one.title), make("code", {}, one.name));
      button.onclick = () => { active?.send(); host.component.setTriggerValue("open", one.name); };
      return button;
    });
    if (!found.length) return null;
    return fold(host, `folder ${folder.name}`, searches, make("summary", {}, make("b", {}, folder.label), make("small", {}, String(found.length))), found);
  }).filter(Boolean);
}
