/** Lets workers go on or has them wait, so that what a server holds can be looked at while nothing is under way. */

/** Each worker passes between two pieces of work; `shut` resolves when all wait, with the names of those that did not come within so many milliseconds. */
export class Gate {
  #isShut = false;
  #isOver = false;
  #waiting = new Map();
  #names = new Set();
  #onWaiting = () => {};

  /** False where there is no more to do. `rest` is what a worker does before it waits. */
  async pass(name, rest) {
    this.#names.add(name);
    if (this.#isShut && !this.#isOver) {
      await rest();
      await new Promise((resolve) => {
        this.#waiting.set(name, resolve);
        this.#onWaiting();
      });
    }
    return !this.#isOver;
  }

  async shut(patience) {
    this.#isShut = true;
    const missing = () => [...this.#names].filter((name) => !this.#waiting.has(name));
    if (missing().length === 0) return [];
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(missing()), patience);
      this.#onWaiting = () => {
        if (missing().length > 0) return;
        clearTimeout(timer);
        resolve([]);
      };
    });
  }

  open() {
    this.#isShut = false;
    this.#onWaiting = () => {};
    for (const go of this.#waiting.values()) go();
    this.#waiting.clear();
  }

  /** Nobody passes any more. */
  end() {
    this.#isOver = true;
    this.open();
  }
}
