import type { Answer, Question } from '#model';

/**
 * Puts questions of decisions to HTTPS servers outside: admission webhooks, conversion webhooks. Never rejects; without an
 * answer after the question's time the answer is `failed`. How many questions to one server are under way is bounded, so a
 * server that does not answer costs those who ask others nothing.
 */
export interface Asker {
  ask(question: Question): Promise<Answer>;
}

/** What is said after the URL when time is up, as Go says it. */
export const OUT_OF_TIME = 'context deadline exceeded';
/** Bytes of an answer that are read; a longer one is `failed`. */
export const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
