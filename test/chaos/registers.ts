import { setTimeout as sleep } from 'node:timers/promises';
import { linearizable, register, type Operation, type RegisterOperation } from '#sim';
import type { Prng } from '#std';
import type { ApiAnswer, ApiClient, ApiObject } from '../support/api-client.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
/** A name is left after so many operations: the search for an order costs what an unknown outcome leaves open. */
const OPERATIONS_PER_NAME = 60;
const UNKNOWN_PER_NAME = 8;
const ANSWER_MS = 10_000;
const PAUSE_MS = 40;

interface Register {
  readonly name: string;
  readonly operations: Operation<RegisterOperation>[];
  started: number;
  unknown: number;
  /** A version that somebody saw, with the value that it had. */
  version: { readonly value: string; readonly resourceVersion: string } | undefined;
}

type Value = ApiObject & { readonly data?: { readonly value?: string } };

/**
 * Clients that create, read, replace (with and without a stated version) and delete the same few objects at once, and record
 * what they asked and what they were answered. At the end every history must be linearizable.
 */
export class Registers {
  /** Answers that no rule of the API allows. */
  readonly surprises: string[] = [];
  private readonly all: Register[] = [];
  private current: Register;
  private values = 0;
  private isRunning = false;
  private clients: Promise<unknown> = Promise.resolve();

  /** `endpoints` are the servers that answer at present: a client may talk to any. */
  constructor(
    private readonly endpoints: () => readonly ApiClient[],
    private readonly chance: Prng,
  ) {
    this.current = this.next();
  }

  begin(clients: number): void {
    this.isRunning = true;
    this.clients = Promise.all(Array.from({ length: clients }, () => this.client()));
  }
  async end(): Promise<void> {
    this.isRunning = false;
    await this.clients;
  }

  get operations(): number {
    return this.all.reduce((sum, { operations }) => sum + operations.length, 0);
  }

  /** Why a history is not linearizable, one line for each that is not. */
  violations(): readonly string[] {
    const found = this.all.flatMap(({ name, operations }) => {
      const verdict = linearizable(operations, register);
      if (verdict.is !== 'not linearizable') return [];
      return [`answers are linearizable: ${name}: ${around(operations, verdict.stuck)}`];
    });
    return [...found, ...this.surprises.map((surprise) => `clients are answered as Kubernetes would: ${surprise}`)];
  }

  private async client(): Promise<void> {
    while (this.isRunning) {
      if (this.current.started >= OPERATIONS_PER_NAME || this.current.unknown >= UNKNOWN_PER_NAME)
        this.current = this.next();
      await this.operate(this.current);
      await sleep(this.chance.below(PAUSE_MS));
    }
  }

  private next(): Register {
    const name = `register-${this.all.length}`;
    const register = { name, operations: [], started: 0, unknown: 0, version: undefined };
    this.all.push(register);
    return register;
  }

  private operate(register: Register): Promise<void> {
    register.started++;
    const drawn = this.chance.next();
    if (drawn < 0.4) return this.read(register);
    if (drawn < 0.6) return this.create(register);
    if (drawn < 0.9) return this.replace(register, drawn < 0.75 ? register.version : undefined);
    return this.remove(register);
  }

  private async read(register: Register): Promise<void> {
    const calledAt = performance.now();
    const answer = await this.call('GET', `${MAPS}/${register.name}`);
    // A read without an answer says nothing.
    if (answer?.status === 404) this.note(register, calledAt, { is: 'read', saw: undefined });
    if (answer?.status !== 200) return;
    const { data, metadata } = answer.json<Value>();
    const value = data?.value ?? '';
    register.version = { value, resourceVersion: metadata.resourceVersion };
    this.note(register, calledAt, { is: 'read', saw: value });
  }

  private async create(register: Register): Promise<void> {
    const value = String(++this.values);
    const body = { metadata: { name: register.name }, data: { value } };
    const calledAt = performance.now();
    const answer = await this.call('POST', MAPS, body);
    const outcome = answer?.status === 201 ? 'done' : answer?.status === 409 ? 'exists' : this.unknown(answer);
    if (outcome) this.note(register, calledAt, { is: 'create', value, outcome });
  }

  private async replace(register: Register, stated: Register['version']): Promise<void> {
    const value = String(++this.values);
    const { name } = register;
    const metadata = { name, ...(stated && { resourceVersion: stated.resourceVersion }) };
    const calledAt = performance.now();
    const answer = await this.call('PUT', `${MAPS}/${name}`, { metadata, data: { value } });
    const outcomes: Readonly<Record<number, 'done' | 'absent' | 'conflict'>> = {
      200: 'done',
      404: 'absent',
      409: 'conflict',
    };
    const outcome = outcomes[answer?.status ?? 0] ?? this.unknown(answer);
    if (outcome === 'conflict' && !stated) {
      this.surprises.push(`a write of ${name} that stated no version is answered 409 ${String(answer?.body)}`);
      return;
    }
    if (outcome)
      this.note(register, calledAt, { is: 'write', value, outcome, ...(stated && { expects: stated.value }) });
  }

  private async remove(register: Register): Promise<void> {
    const calledAt = performance.now();
    const answer = await this.call('DELETE', `${MAPS}/${register.name}`);
    const outcome = answer?.status === 200 ? 'done' : answer?.status === 404 ? 'absent' : this.unknown(answer);
    if (outcome) this.note(register, calledAt, { is: 'delete', outcome });
  }

  private note(register: Register, calledAt: number, what: RegisterOperation): void {
    const isUnknown = what.is !== 'read' && what.outcome === 'unknown';
    if (isUnknown) register.unknown++;
    register.operations.push({ what, calledAt, answeredAt: isUnknown ? undefined : performance.now() });
  }

  /** Undefined when the answer says that nothing was done. */
  private unknown(answer: ApiAnswer | undefined): 'unknown' | undefined {
    return answer?.status === 429 ? undefined : 'unknown';
  }

  private async call(method: string, path: string, body?: object): Promise<ApiAnswer | undefined> {
    const endpoint = this.chance.pick([...this.endpoints()]);
    try {
      return await endpoint.call(method, path, { ...(body && { body }), timeoutMs: ANSWER_MS });
    } catch {
      return undefined;
    }
  }
}

/** What happened just before and beside the operations that have no place, in the order of the calls. */
function around(
  operations: readonly Operation<RegisterOperation>[],
  stuck: readonly Operation<RegisterOperation>[],
): string {
  const last = Math.max(...stuck.map(({ answeredAt = 0 }) => answeredAt));
  const lines = operations
    .filter(({ calledAt }) => calledAt <= last)
    .sort((a, b) => a.calledAt - b.calledAt)
    .slice(-24)
    .map((one) => {
      const { what, calledAt, answeredAt } = one;
      const mark = stuck.includes(one) ? '  <- has no place' : '';
      return `\n    ${calledAt.toFixed(1)} to ${answeredAt?.toFixed(1) ?? '?'} ms ${JSON.stringify(what)}${mark}`;
    });
  return `no order of these explains the answers:${lines.join('')}`;
}
