import { jsonEquals, type Json, type JsonObject } from '#std';

/** Where an HTTPS server is reached, and how it proves that it is the right one. Plain data. */
export interface HttpsEndpoint {
  /** Scheme, host, port, path and query; messages name it so. */
  readonly url: string;
  /** Addresses to connect to, tried in order. Undefined: what the URL names. */
  readonly addresses?: readonly { readonly host: string; readonly port: number }[];
  /** PEM certificates in base64. Undefined: the authorities of the operating system. */
  readonly caBundle?: string;
  /** Name that the certificate must have. Undefined: the host of the URL. */
  readonly serverName?: string;
}

/** A question to somebody outside of the log that a decision cannot be made without: plain data, POSTed as JSON. */
export interface Question {
  /** What the question is for, once in a decision: `validating webhook config/hook`. Two decisions of one command ask it under one name. */
  readonly name: string;
  readonly to: HttpsEndpoint;
  readonly body: JsonObject;
  readonly timeoutMs: number;
}

/** `body` of an answer that is no JSON is its text. `failed`: there is no answer; `why` is a sentence that follows on the URL. */
export type Answer =
  | { readonly is: 'answered'; readonly status: number; readonly body: Json }
  | { readonly is: 'failed'; readonly why: string };

/** What a decision gives that has to ask first. It is made anew with the answers; all of these can be asked at once. */
export interface Questions {
  readonly questions: readonly Question[];
  readonly warnings?: readonly string[];
}

/** An object of a client never passes for questions: every object has an apiVersion. */
export function isQuestions(value: object): value is Questions {
  return 'questions' in value && !('apiVersion' in value);
}

/** The answers that a command has so far. */
export interface Answers {
  /** The answer to this very question; undefined when it was not asked, or was another one under the same name. */
  to(question: Question): Answer | undefined;
}

export const NO_ANSWERS: Answers = { to: () => undefined };

export interface Answered {
  readonly question: Question;
  readonly answer: Answer;
}

/** Answers hold for what was asked: when state has moved so that a question has another body, it is asked again. */
export function answersOf(given: readonly Answered[]): Answers {
  const byName = new Map(given.map((one) => [one.question.name, one]));
  return {
    to({ name, to, body }) {
      const known = byName.get(name);
      if (known === undefined || known.question.to.url !== to.url) return undefined;
      return jsonEquals(known.question.body, body) ? known.answer : undefined;
    },
  };
}
