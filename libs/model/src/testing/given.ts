import { jsonEquals, uuidOf, type Instant, type JsonObject } from '#std';
import type { Command } from '../command.js';
import {
  isServed,
  isUndecided,
  type DecideContext,
  type Decided,
  type DecidedEvent,
  type KindRegistry,
  type Served,
} from '../kind.js';
import { streamOf, type KubeObject } from '../kube-object.js';
import { answersOf, isQuestions, type Answer, type Answered, type Question } from '../question.js';
import { isRefusal, type Refusal } from '../refusal.js';
import { decideCommand, withoutResourceVersion } from '../standard-kind/index.js';
import { TestView } from './test-view.js';

/** 2026-01-01T12:00:00Z: the `now` of every test that does not say another. */
export const TEST_NOW: Instant = Date.UTC(2026, 0, 1, 12);

/** What a test says of a command; the rest is filled in. */
export type TestCommand = Pick<Command, 'verb' | 'kind'> & Partial<Command>;

/** A whole command from the parts that a test cares about. */
export function testCommand(parts: TestCommand): Command {
  const body = parts.body as { metadata?: { name?: string; namespace?: string }; apiVersion?: string } | undefined;
  const group = parts.kind.slice(0, parts.kind.lastIndexOf('.'));
  return {
    apiVersion: typeof body?.apiVersion === 'string' ? body.apiVersion : group === 'core' ? 'v1' : `${group}/v1`,
    name: typeof body?.metadata?.name === 'string' ? body.metadata.name : '',
    ...(body?.metadata?.namespace !== undefined && { namespace: body.metadata.namespace }),
    options: {},
    actor: { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
    via: 'test',
    correlationId: 'test',
    ...parts,
  };
}

/**
 * Given what happened, when a command comes, then this is decided:
 * `specification(registry).given(objects).when(command).thenEvent('SpecChanged', { set: […] })`.
 */
export function specification(registry: KindRegistry) {
  return { given: (objects: readonly KubeObject[] = []) => new Given(registry, objects) };
}

export class Given {
  readonly view: TestView;
  constructor(
    private readonly registry: KindRegistry,
    objects: readonly KubeObject[],
  ) {
    this.view = new TestView(registry);
    for (const object of objects) this.view.put(object);
  }
  /** Commands that were carried out before, in order. */
  and(command: TestCommand, at: Instant = TEST_NOW): this {
    submit(this.registry, this.view, testCommand(command), at);
    return this;
  }
  /** `answered`: what was asked already. */
  when(command: TestCommand, now: Instant = TEST_NOW, answered: readonly Answered[] = []): Outcome {
    const whole = testCommand(command);
    const uid = whole.uid ?? uuidOf(`${this.view.position}`);
    const given = { now, uid, answers: answersOf(answered) };
    return new Outcome(this.view, decideCommand(this.registry, whole, this.view, given));
  }
  /** Decides with the answers of a script until nothing is asked any more. */
  whenAnswered(command: TestCommand, script: (question: Question) => Answer, now: Instant = TEST_NOW): Outcome {
    let answered: readonly Answered[] = [];
    for (let round = 0; round < 20; round++) {
      const outcome = this.when(command, now, answered);
      if (!isQuestions(outcome.decided)) return outcome;
      const fresh = outcome.questions.map((question) => ({ question, answer: script(question) }));
      answered = [...answered, ...fresh];
    }
    throw new Error('it asks for ever');
  }
}

/** Decides a command and appends its event: a writer of one thread without a log. */
export function submit(registry: KindRegistry, view: TestView, command: Command, now: Instant, uid?: string): Decided {
  return settle(registry, view, command, { now, uid: uid ?? command.uid ?? uuidOf(`test ${view.position}`) });
}

function settle(
  registry: KindRegistry,
  view: TestView,
  command: Command,
  given: Pick<DecideContext, 'now' | 'uid' | 'isAdmitted'>,
): Decided {
  const { now } = given;
  const decided = decideCommand(registry, command, view, given);
  if (isUndecided(decided)) return decided;
  if (decided.event) {
    const namespaced = registry.byId(command.kind)?.names.namespaced;
    const stream = streamOf(command.kind, namespaced ? command.namespace : undefined, decided.name);
    view.append(stream, decided.event.type, decided.event.data, {
      time: new Date(now).toISOString(),
      metadata: { actor: command.actor.name, via: command.via },
    });
    if (!decided.deleted) holdFold(decided, view.stream(stream)?.object);
  }
  for (const next of decided.then ?? []) {
    const uid = next.uid ?? uuidOf(`test ${view.position}`);
    const result = settle(registry, view, next, { now, uid, isAdmitted: true });
    // What is gone already needs no deletion.
    if (isRefusal(result) && next.verb !== 'delete') return result;
  }
  return decided;
}

/** The event must make, byte for byte, the object that was promised. */
function holdFold(decided: DecidedEvent, folded: KubeObject | undefined): void {
  const stored = folded && withoutResourceVersion(folded);
  if (JSON.stringify(stored) === JSON.stringify(decided.object)) return;
  throw new Error(
    `folding ${JSON.stringify(decided.event)} gave\n${JSON.stringify(stored)}\ninstead of\n${JSON.stringify(decided.object)}`,
  );
}

export class Outcome {
  constructor(
    readonly view: TestView,
    readonly decided: Decided,
  ) {}
  get accepted(): DecidedEvent {
    if (isRefusal(this.decided)) throw new Error(`refused: ${this.decided.code} ${this.decided.message}`);
    if (isQuestions(this.decided))
      throw new Error(`asks: ${this.decided.questions.map(({ name }) => name).join(', ')}`);
    if (isServed(this.decided)) throw new Error(`serves: ${JSON.stringify(this.decided.served)}`);
    return this.decided;
  }
  /** The answer to a create of a virtual resource. */
  get served(): Served {
    if (!isServed(this.decided)) throw new Error(`serves nothing: ${JSON.stringify(this.decided)}`);
    return this.decided;
  }
  /** What has to be asked before it can be decided. */
  get questions(): readonly Question[] {
    if (!isQuestions(this.decided)) throw new Error(`asks nobody: ${JSON.stringify(this.decided)}`);
    return this.decided.questions;
  }
  get refusal(): Refusal {
    if (!isRefusal(this.decided)) throw new Error(`not refused: ${JSON.stringify(this.decided)}`);
    return this.decided;
  }
  /** One event of this type, whose data equals (or, for an object within, contains) what is given. */
  thenEvent(type: string, data?: JsonObject): this {
    const event = this.accepted.event;
    if (event?.type !== type)
      throw new Error(`expected ${type}, got ${event?.type ?? 'no event'} ${JSON.stringify(event?.data)}`);
    if (data && !contains(event.data, data))
      throw new Error(`expected ${JSON.stringify(data)}\nin ${JSON.stringify(event.data)}`);
    return this;
  }
  thenNothing(): this {
    if (this.accepted.event) throw new Error(`expected no event, got ${JSON.stringify(this.accepted.event)}`);
    return this;
  }
  thenObject(part: JsonObject): this {
    if (!contains(this.accepted.object, part))
      throw new Error(`expected ${JSON.stringify(part)}\nin ${JSON.stringify(this.accepted.object)}`);
    return this;
  }
  thenRefused(code: number, message?: string): this {
    if (this.refusal.code !== code)
      throw new Error(`expected ${code}, got ${this.refusal.code} ${this.refusal.message}`);
    if (message !== undefined && this.refusal.message !== message)
      throw new Error(`expected "${message}"\ngot "${this.refusal.message}"`);
    return this;
  }
}

/** Whether all fields of `part` are in `whole`; lists must be equal. */
export function contains(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return jsonEquals(whole, part);
  if (typeof whole !== 'object' || whole === null) return false;
  return Object.entries(part).every(([key, value]) => contains((whole as Record<string, unknown>)[key], value));
}
