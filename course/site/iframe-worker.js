/* The search of this site runs in a web worker. A browser starts none for a page that was opened as a file, so there a
   hidden frame does its work: it loads the same script, and messages go to it and back. Elsewhere nothing changes. */
if (location.protocol === "file:") {
  class FrameWorker extends EventTarget {
    constructor(address) {
      super();
      this.waiting = [];
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      document.body.append(frame);
      const inner = frame.contentWindow;
      frame.contentDocument.open();
      frame.contentDocument.write("<!doctype html><title>search</title><body></body>");
      frame.contentDocument.close();
      inner.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inner.importScripts = (...scripts) => scripts.reduce((before, each) => before.then(() => load(inner, each)), Promise.resolve());
      load(inner, address).then(() => {
        this.inner = inner;
        this.waiting.splice(0).forEach((data) => this.postMessage(data));
      });
    }

    postMessage(data) {
      if (this.inner) this.inner.dispatchEvent(new MessageEvent("message", { data }));
      else this.waiting.push(data);
    }

    terminate() {}
  }

  const load = (inner, address) =>
    new Promise((done, failed) => {
      const script = inner.document.createElement("script");
      script.src = new URL(address, location.href).href;
      script.onload = done;
      script.onerror = () => failed(new Error(`${address} can't be loaded`));
      inner.document.body.append(script);
    });

  window.Worker = window.IFrameWorker = FrameWorker;
}
