// Takes a chart of the page away as a picture: on a press of a button of class wg-draw, the chart it names is saved as SVG or PNG.
// The picture is what the reader sees, with the chart's title above it and until when its data goes below; nothing is sent anywhere.
(function () {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const MARGIN = 16;
  const HEAD = 44;
  const FOOT = 36;
  const SHARPNESS = 2; // pixels of a PNG for one of the page

  // What hangs under the body, outside the page, such as an open popover, takes the page's theme from there.
  document.addEventListener("click", () => {
    const app = document.querySelector(".stApp");
    if (app) document.body.style.colorScheme = getComputedStyle(app).colorScheme;
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button.wg-draw");
    if (button) draw(button.dataset);
  });

  function draw(wanted) {
    const plot = document.querySelector(`.${CSS.escape(wanted.chart)} .js-plotly-plot`);
    if (!plot) return;
    const picture = compose(plot, wanted.title, wanted.note);
    const text = new XMLSerializer().serializeToString(picture);
    const svg = new Blob([text], { type: "image/svg+xml" });
    if (wanted.kind === "svg") save(svg, wanted.name);
    else paint(svg, Number(picture.getAttribute("width")), Number(picture.getAttribute("height")), wanted.name);
  }

  // The layers of a plot as one SVG on the page's ground, under its title.
  function compose(plot, title, note) {
    const box = plot.getBoundingClientRect();
    const style = getComputedStyle(plot.closest(".stApp"));
    const ink = style.getPropertyValue("--text") && getComputedStyle(plot).color;
    const family = getComputedStyle(document.body).fontFamily;
    const width = Math.round(box.width) + 2 * MARGIN;
    const height = Math.round(box.height) + HEAD + FOOT;
    const picture = make("svg", { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}`, "font-family": family });
    picture.append(make("rect", { width: "100%", height: "100%", fill: style.backgroundColor }));
    picture.append(write(title, MARGIN, 28, 16, 600, ink));
    for (const layer of plot.querySelectorAll(".main-svg")) {
      const copy = layer.cloneNode(true);
      for (const hovered of copy.querySelectorAll(".hoverlayer, .draglayer, .zoomlayer")) hovered.remove();
      copy.removeAttribute("class");
      copy.setAttribute("x", MARGIN);
      copy.setAttribute("y", HEAD);
      picture.append(copy);
    }
    picture.append(write(note, MARGIN, height - 14, 12, 400, ink));
    return picture;
  }

  function write(text, x, y, size, weight, ink) {
    const line = make("text", { x, y, "font-size": size, "font-weight": weight, fill: ink });
    line.textContent = text;
    return line;
  }

  function make(name, attributes) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) if (key !== "xmlns") node.setAttribute(key, value);
    return node;
  }

  function paint(svg, width, height, name) {
    const address = URL.createObjectURL(svg);
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = width * SHARPNESS;
      canvas.height = height * SHARPNESS;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(address);
      canvas.toBlob((png) => save(png, name), "image/png");
    };
    image.src = address;
  }

  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }
})();
