import type { LoopRunner } from '#engine';
import { podsMatching } from '#loops';
import {
  parseQuestion,
  questionText,
  submitsOf,
  type MetricAnswer,
  type MetricQuestion,
  type Submit,
  type View,
} from '#model';
import type { Clock, Measurements } from '#ports';

export interface AttentionOptions {
  readonly view: View;
  readonly clock: Clock;
  readonly measurements: Measurements;
}
/** The loop that is woken. */
export type Watched = Pick<LoopRunner, 'foresee' | 'poke'>;

/** Samples that arrive within this time are looked at together, and the figures of a key once in it. */
const GATHER_MS = 50;
const PAUSE_MS = 400;
/** A key of which no node has said anything for so long is weighed by what any node says: its pods may be elsewhere by now. */
const SILENCE_MS = 3000;
/** A total that moved by less than this share since it was last weighed changes nothing. */
const MOVED_SHARE = 0.03;
/** A key that did not look for so long is gone. */
const FORGET_MS = 120_000;

/** What a look at a key was told last. */
interface Asked {
  readonly question: MetricQuestion;
  total: number;
  measured: number;
  isError: boolean;
}
interface Known {
  readonly asked: Map<string, Asked>;
  /** Nodes whose samples have the pods that were asked about, as of {@link nodesAt}. */
  readonly nodes: Set<string>;
  nodesAt: number;
  lookedAt: number;
  weighedAt: number;
}

/**
 * Wakes a loop when measurements call for it, instead of waiting for its next look by the clock. Figures that have moved are weighed: the
 * loop says what it would do, and only when it would change a size is the key looked at. A steady load costs an addition of its figures.
 */
export class Attention {
  private readonly keys = new Map<string, Known>();
  /** Nodes and questions that have news. */
  private readonly sampledNodes = new Set<string>();
  private readonly answeredQuestions = new Set<string>();
  private runner: Watched | undefined;
  private isWeighing = false;
  private cancel: (() => void) | undefined;

  constructor(private readonly options: AttentionOptions) {}

  wake(runner: Watched): void {
    this.runner = runner;
  }
  stop(): void {
    this.runner = undefined;
    this.cancel?.();
  }

  /** Answers a look at a key, and remembers what it asked. */
  measurementsFor(key: string): Measurements {
    return {
      answer: (question) => {
        const answer = this.options.measurements.answer(question);
        if (!this.isWeighing) this.remember(key, question, answer);
        return answer;
      },
    };
  }
  private remember(key: string, question: MetricQuestion, answer: MetricAnswer | undefined): void {
    const now = this.options.clock.monotonic();
    const known: Known = this.keys.get(key) ?? {
      ...{ asked: new Map(), nodes: new Set(), nodesAt: now },
      ...{ lookedAt: now, weighedAt: 0 },
    };
    // What an earlier look asked may be asked no more, and its pods may be gone.
    if (now - known.lookedAt > 1000) {
      known.asked.clear();
      known.nodes.clear();
      known.nodesAt = now;
    }
    known.lookedAt = now;
    known.asked.set(questionText(question), { question, ...weightOf(answer) });
    if (question.of === 'resource') this.addNodes(known.nodes, question);
    this.keys.set(key, known);
  }
  private addNodes(nodes: Set<string>, question: Extract<MetricQuestion, { of: 'resource' }>): void {
    for (const { spec } of podsMatching(this.options.view, question.namespace, question.selector))
      if (spec.nodeName !== undefined) nodes.add(spec.nodeName);
  }

  /** A sample of a node arrived. */
  sampled(node: string): void {
    this.sampledNodes.add(node);
    this.plan();
  }
  /** Another answer to a question about something else than pods' resources arrived. */
  answered(question: string): void {
    if (!parseQuestion(question)) return;
    this.answeredQuestions.add(question);
    this.plan();
  }
  private plan(): void {
    if (this.cancel || !this.runner) return;
    this.cancel = this.options.clock.after(GATHER_MS, () => {
      this.cancel = undefined;
      this.weighAll();
    });
  }

  private weighAll(): void {
    const now = this.options.clock.monotonic();
    let isAnyLeft = false;
    for (const [key, known] of this.keys) {
      if (now - known.lookedAt > FORGET_MS) {
        this.keys.delete(key);
        continue;
      }
      const hasAnswer = [...known.asked.keys()].some((question) => this.answeredQuestions.has(question));
      if (!hasAnswer && !this.isSampled(known, now)) continue;
      // What came within the pause is weighed after it, with what comes then.
      if (!hasAnswer && now - known.weighedAt < PAUSE_MS) isAnyLeft = true;
      else this.weigh(key, known, now);
    }
    this.answeredQuestions.clear();
    if (isAnyLeft) return this.plan();
    this.sampledNodes.clear();
  }
  private isSampled({ asked, nodes, lookedAt, weighedAt }: Known, now: number): boolean {
    if (this.sampledNodes.size === 0) return false;
    const isSilent = nodes.size === 0 || now - Math.max(lookedAt, weighedAt) > SILENCE_MS;
    if (isSilent) return [...asked.values()].some(({ question }) => question.of === 'resource');
    const [few, many] = nodes.size < this.sampledNodes.size ? [nodes, this.sampledNodes] : [this.sampledNodes, nodes];
    for (const node of few) if (many.has(node)) return true;
    return false;
  }

  private weigh(key: string, known: Known, now: number): void {
    known.weighedAt = now;
    const isNodesOld = known.nodes.size === 0 || now - known.nodesAt > SILENCE_MS;
    if (isNodesOld) {
      known.nodes.clear();
      known.nodesAt = now;
    }
    let isMoved = false;
    let isOtherwise = false;
    this.isWeighing = true;
    for (const asked of known.asked.values()) {
      if (isNodesOld && asked.question.of === 'resource') this.addNodes(known.nodes, asked.question);
      const weight = weightOf(this.options.measurements.answer(asked.question));
      isOtherwise ||= weight.isError !== asked.isError;
      isMoved ||= hasMoved(asked, weight);
      if (hasMoved(asked, weight) || weight.isError !== asked.isError) Object.assign(asked, weight);
    }
    // An answer instead of an error, or the other way round, is said at once.
    const calls =
      isOtherwise || (isMoved && this.runner !== undefined && submitsOf(this.runner.foresee(key)).some(isScale));
    this.isWeighing = false;
    if (calls) this.runner?.poke(key);
  }
}

function isScale({ command }: Submit): boolean {
  return command.subresource === 'scale';
}

type Weight = Pick<Asked, 'total' | 'measured' | 'isError'>;
function weightOf(answer: MetricAnswer | undefined): Weight {
  if (!answer || 'error' in answer || 'isPending' in answer) return { total: 0, measured: 0, isError: true };
  const figures =
    'pods' in answer ? Object.values(answer.pods).map(([milli, , , demand = milli]) => demand) : answer.values;
  let total = 0;
  for (const figure of figures) total += Number(figure);
  return { total, measured: figures.length, isError: false };
}
function hasMoved(before: Weight, now: Weight): boolean {
  if (before.measured !== now.measured) return true;
  return !(Math.abs(now.total - before.total) <= MOVED_SHARE * Math.abs(before.total));
}
