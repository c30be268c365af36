type Listener = (connected: boolean) => void;

/** Who wants to know about (dis)connection. A listener that comes late hears at once that the bus is there. */
export class ConnectionListeners {
  readonly #listeners = new Set<Listener>();
  #connected = false;

  get connected(): boolean {
    return this.#connected;
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
    if (this.#connected) listener(true);
  }

  /** Resolves with the next change's news. */
  once(listener: Listener): void {
    const first: Listener = (connected) => {
      this.#listeners.delete(first);
      listener(connected);
    };
    this.#listeners.add(first);
  }

  set(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    for (const listener of [...this.#listeners]) listener(connected);
  }
}
