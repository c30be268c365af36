import { isJsonObject, putValue, type Json, type JsonObject } from '#std';

/**
 * What a look may ask beside its view: facts that are not in the log, such as heartbeats, refusals of the last look, the steps
 * of the wall clock. What is read is recorded with the look's decisions, so that the same look can be taken again.
 */
export interface Outside {
  /** Undefined when it is not known here. */
  fact(name: string): Json | undefined;
  /** The fact about one of many things, such as the heartbeat of a node. */
  factOf(name: string, key: string): Json | undefined;
  /**
   * What follows from more facts than a record should hold: the result is recorded instead of them. `work` is pure, and gives
   * the same wherever a look asks for this name.
   */
  digest(name: string, work: (facts: Outside) => Json): Json;
}

/** The facts as they are: of many things, a lookup or an object with a field for each. */
export type OutsideFacts = Readonly<Record<string, Json | undefined | ((key: string) => Json | undefined)>>;

/** Answers from facts and remembers what was asked. */
export class RecordedOutside implements Outside {
  private readonly read = new Map<string, Json | Map<string, Json>>();

  constructor(private readonly facts: OutsideFacts) {}

  /** What was read, in the form of {@link OutsideFacts}; undefined when nothing was. */
  get recorded(): JsonObject | undefined {
    if (this.read.size === 0) return undefined;
    const entries = [...this.read].map(([name, fact]) => [name, fact instanceof Map ? objectOf(fact) : fact]);
    return Object.fromEntries(entries) as JsonObject;
  }

  fact(name: string): Json | undefined {
    const fact = Object.hasOwn(this.facts, name) ? this.facts[name] : undefined;
    if (fact === undefined || typeof fact === 'function') return undefined;
    this.read.set(name, fact);
    return fact;
  }
  factOf(name: string, key: string): Json | undefined {
    const fact = this.lookUp(name, key);
    if (fact === undefined) return undefined;
    const read = this.read.get(name);
    if (read instanceof Map) read.set(key, fact);
    else this.read.set(name, new Map([[key, fact]]));
    return fact;
  }
  digest(name: string, work: (facts: Outside) => Json): Json {
    const known = this.fact(name);
    if (known !== undefined) return known;
    const result = work(new RecordedOutside(this.facts));
    this.read.set(name, result);
    return result;
  }

  private lookUp(name: string, key: string): Json | undefined {
    const facts = Object.hasOwn(this.facts, name) ? this.facts[name] : undefined;
    if (typeof facts === 'function') return facts(key);
    return isJsonObject(facts) && Object.hasOwn(facts, key) ? facts[key] : undefined;
  }
}

/** An object with exactly these fields, whatever they are called. */
function objectOf(fields: ReadonlyMap<string, Json>): JsonObject {
  const object: Record<string, Json> = {};
  for (const [key, value] of fields) putValue(object, key, value);
  return object;
}
