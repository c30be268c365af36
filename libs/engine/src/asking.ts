import type {
  Answer,
  Answered,
  Answers,
  Command,
  FailedAnswer,
  Question,
  Questions,
  QuestionSort,
  Refusal,
} from '#model';
import { answersOf, eitherAnswers, refusals } from '#model';
import { OUT_OF_TIME, type Asker, type Askers, type Clock, type InstantAsker } from '#ports';
import type { Instant } from '#std';
import { cancellableDelay } from './delay.js';

/** How long all questions of one request may take together. */
export const ASKING_MS_MAX = 30_000;
/** So many commands wait for servers outside at once; more are answered 429. They take no place of those that wait for the log. */
const ASKING_MAX = 4096;
/** A decision that asks more often is refused: state moves faster than it is asked about. */
const ROUNDS_MAX = 64;
/** What an asker may be late. Then the writer goes on without it. */
const LATE_MS = 1_000;

/** One command on its way through the writer, with what was asked for it. */
export interface Wish {
  readonly command: Command;
  /** Uid of what it creates: the same however often it is decided. */
  readonly uid: string;
  /** A command that follows on an admitted one. */
  readonly isAdmitted: boolean;
  /** On the monotonic clock. */
  deadline: number;
  /** The time that it was decided at when it asked first: questions and decision must name the same one. */
  askedAt: Instant | undefined;
  answered: readonly Answered[];
  answers: Answers;
  rounds: number;
  askedMs: number;
  /** It is decided before it is known what becomes of the command that it follows on: only what needs no answers. */
  readonly isAhead?: true;
  /** It was refused while its object was on its way. */
  refusedEarly: boolean;
}

/** Asks what decisions need to know, outside of the writer's pipeline: nobody waits behind it. */
export class Asking {
  /** What is answered in the tick of a decision. */
  private readonly instant: Answers = {
    to: <S extends QuestionSort>(question: Question<S>) => {
      const asker = this.askerOf(question);
      return asker && 'atOnce' in asker ? asker.atOnce(question) : undefined;
    },
  };

  constructor(
    private readonly options: { readonly askers: Askers | undefined; readonly clock: Clock },
    private readonly places = { taken: 0 },
  ) {}

  /** The same for who can ask others too, with the same places. */
  withAskers(askers: Askers): Asking {
    return new Asking({ ...this.options, askers: { ...this.options.askers, ...askers } }, this.places);
  }

  wishOf(command: Command, given: Pick<Wish, 'uid' | 'isAdmitted' | 'deadline' | 'isAhead'>): Wish {
    const unasked = { askedAt: undefined, answered: [], rounds: 0, askedMs: 0, refusedEarly: false };
    return { command, ...given, ...unasked, answers: this.instant };
  }

  /** Puts all questions at once and adds the answers to the wish; a refusal when it may not ask (any more). */
  async answer(wish: Wish, { questions }: Questions, now: Instant): Promise<Refusal | undefined> {
    if (++wish.rounds > ROUNDS_MAX) return MOVED_TOO_OFTEN;
    // Others answer in this process, at once.
    const needed = questions.some(({ asks }) => asks === 'https') ? 1 : 0;
    if (needed > 0 && this.places.taken >= ASKING_MAX) return TOO_MANY;
    const { clock } = this.options;
    const began = clock.monotonic();
    wish.askedAt ??= now;
    // A loop's command is waited for no longer than any other.
    const isPatient = wish.command.request !== undefined;
    const leftMs = isPatient ? ASKING_MS_MAX - wish.askedMs : wish.deadline - 2 * LATE_MS - began;
    this.places.taken += needed;
    const fresh = await Promise.all(
      questions.map(async (question) => ({ question, answer: await this.ask(question, leftMs) })),
    );
    this.places.taken -= needed;
    const tookMs = clock.monotonic() - began;
    wish.askedMs += tookMs;
    if (isPatient) wish.deadline += tookMs;
    const names = new Set(questions.map(({ name }) => name));
    wish.answered = [...wish.answered.filter(({ question }) => !names.has(question.name)), ...fresh];
    wish.answers = eitherAnswers(answersOf(wish.answered), this.instant);
    return undefined;
  }

  /** Puts one question for who can wait no longer than `leftMs`. */
  async ask<S extends QuestionSort>(question: Question<S>, leftMs: number): Promise<Answer<S>> {
    const { clock } = this.options;
    const asker = this.askerOf(question);
    if (asker && 'atOnce' in asker) return asker.atOnce(question);
    if (!asker) return failed(question.asks === 'https' ? NO_CLIENT : NOT_HERE);
    const timed = 'timeoutMs' in question ? withTimeout(question, leftMs) : question;
    const timeoutMs = 'timeoutMs' in timed ? Number(timed.timeoutMs) : leftMs;
    if (timeoutMs <= 0) return failed(OUT_OF_TIME);
    const late = cancellableDelay(clock, timeoutMs + LATE_MS);
    const answer = await Promise.race([
      asker.ask(timed).catch((cause: unknown) => failed(String(cause))),
      late.done.then(() => failed(OUT_OF_TIME)),
    ]);
    late.cancel();
    return answer;
  }

  private askerOf<S extends QuestionSort>({ asks }: Question<S>): Asker<S> | InstantAsker<S> | undefined {
    return this.options.askers?.[asks];
  }
}

function withTimeout<Q extends { readonly timeoutMs: unknown }>(question: Q, leftMs: number): Q {
  return { ...question, timeoutMs: Math.min(Number(question.timeoutMs), leftMs) };
}
const failed = (why: string): FailedAnswer => ({ is: 'failed', why });

const NO_CLIENT = 'this process cannot connect to servers outside of the cluster';
const NOT_HERE = 'this process cannot answer that';
const TOO_MANY = refusals.tooManyRequests('too many writes wait for webhooks, please try again later', 1);
const MOVED_TOO_OFTEN = refusals.unavailable(
  `the cluster changed ${ROUNDS_MAX} times while webhooks were asked about this write, please try again`,
);
