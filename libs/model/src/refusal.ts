/** A refusal is a value: what Kubernetes would answer as a `Status` with status Failure. */
export interface Refusal {
  readonly refused: true;
  /** HTTP status code. */
  readonly code: number;
  /** Kubernetes' machine-readable reason, `NotFound`. */
  readonly reason: string;
  readonly message: string;
  readonly details?: StatusDetails;
  /** `metadata.continue` of the Status, for an expired list token. */
  readonly continue?: string;
  /** Texts of `Warning: 299` headers that go with the refusal. */
  readonly warnings?: readonly string[];
  /** Annotations of the audit event of the request. */
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** An object of a client may have a field of this name; it has an apiVersion, too. */
export function isRefusal(value: unknown): value is Refusal {
  if (typeof value !== 'object' || value === null || 'apiVersion' in value) return false;
  return (value as { refused?: unknown }).refused === true;
}

/** One thing wrong with one field, before it is put into words. */
export interface Problem {
  readonly type: ProblemType;
  /** `spec.containers[0].name` */
  readonly field: string;
  /** The offending value, printed as Go's `%v` or JSON would (strings quoted); leave out where Kubernetes prints none. */
  readonly value?: unknown;
  /** No value is printed, not even `null`. */
  readonly omitsValue?: boolean;
  /** It refuses nothing: the client is warned of it. Updates alone look at this. */
  readonly isWarning?: boolean;
  readonly detail: string;
  /** For NotSupported: the values that are supported. */
  readonly supported?: readonly string[];
}
export type ProblemType =
  | 'Required'
  | 'Invalid'
  | 'NotSupported'
  | 'Forbidden'
  | 'Duplicate'
  | 'NotFound'
  | 'TooLong'
  | 'TooMany'
  | 'TooFew'
  | 'TypeInvalid'
  | 'InternalError';

/** What a refusal is about: the resource in the API's words. */
export interface About {
  /** '' for core. */
  readonly group: string;
  /** Plural, `deployments`. */
  readonly resource: string;
  readonly kind: string;
  readonly name: string;
}
const qualified = (group: string, name: string): string => (group ? `${name}.${group}` : name);

export const refusals = {
  notFound: (about: About): Refusal => ({
    refused: true,
    code: 404,
    reason: 'NotFound',
    message: `${qualified(about.group, about.resource)} "${about.name}" not found`,
    details: details(about, about.resource),
  }),
  alreadyExists: (about: About): Refusal => ({
    refused: true,
    code: 409,
    reason: 'AlreadyExists',
    message: `${qualified(about.group, about.resource)} "${about.name}" already exists`,
    details: details(about, about.resource),
  }),
  conflict: (about: About, why: string): Refusal => ({
    refused: true,
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${qualified(about.group, about.resource)} "${about.name}": ${why}`,
    details: details(about, about.resource),
  }),
  forbidden: (about: About, why: string, causes?: readonly StatusCause[]): Refusal => ({
    refused: true,
    code: 403,
    reason: 'Forbidden',
    message: about.name
      ? `${qualified(about.group, about.resource)} "${about.name}" is forbidden: ${why}`
      : `${qualified(about.group, about.resource)} is forbidden: ${why}`,
    details: { ...details(about, about.resource), ...(causes && { causes }) },
  }),
  badRequest: (message: string): Refusal => ({ refused: true, code: 400, reason: 'BadRequest', message }),
  /** The client asks again after so many seconds: nothing was done. */
  tooManyRequests: (message: string, retryAfterSeconds: number): Refusal => ({
    refused: true,
    code: 429,
    reason: 'TooManyRequests',
    message,
    details: { retryAfterSeconds },
  }),
  unavailable: (message: string, retryAfterSeconds?: number): Refusal => ({
    refused: true,
    code: 503,
    reason: 'ServiceUnavailable',
    message,
    ...(retryAfterSeconds !== undefined && { details: { retryAfterSeconds } }),
  }),
  /** What was asked for may have happened or not, or comes later. */
  timeout: (message: string): Refusal => ({ refused: true, code: 504, reason: 'Timeout', message }),
  invalid: (about: About, problems: readonly Problem[]): Refusal => {
    const { causes, unique } = toldOf(problems);
    const words = unique.length === 1 ? (unique[0] as string) : `[${unique.join(', ')}]`;
    return {
      refused: true,
      code: 422,
      reason: 'Invalid',
      message: `${qualified(about.group, about.kind)} "${about.name}" is invalid: ${words}`,
      details: { ...details(about, about.kind), causes },
    };
  },
};

/** As many problems, and as many characters of them, as an answer tells: nobody reads more. */
const PROBLEMS_MAX = 1000;
const PROBLEMS_LENGTH_MAX = 1024 * 1024;

/** Problems in words, each as a cause, and each text once. A body of many faults or of long values is not answered by a far longer text. */
function toldOf(problems: readonly Problem[]): {
  readonly causes: readonly StatusCause[];
  readonly unique: readonly string[];
} {
  const causes: StatusCause[] = [];
  const unique = new Set<string>();
  let length = 0;
  for (const problem of problems) {
    if (causes.length === PROBLEMS_MAX || length > PROBLEMS_LENGTH_MAX) break;
    const { field, type } = problem;
    const message = problemText(problem);
    causes.push({ reason: causeReason(type), message, field });
    unique.add(`${field}: ${message}`);
    length += field.length + message.length;
  }
  const left = problems.length - causes.length;
  return { causes, unique: left === 0 ? [...unique] : [...unique, `and ${left} more`] };
}

/** Texts of the problems that are warnings, each once. */
export function warningsOf(problems: readonly Problem[]): readonly string[] {
  return [...toldOf(problems.filter(({ isWarning }) => isWarning === true)).unique];
}

function details(about: About, kind: string): StatusDetails {
  return { ...(about.name && { name: about.name }), ...(about.group && { group: about.group }), ...(kind && { kind }) };
}
function causeReason(type: ProblemType): string {
  if (type === 'InternalError') return type;
  return `FieldValue${type === 'TooFew' ? 'Invalid' : type}`;
}

/** `Invalid value: "x": must be …` without the field in front. */
export function problemText(problem: Problem): string {
  const title: Record<ProblemType, string> = {
    Required: 'Required value',
    Invalid: 'Invalid value',
    NotSupported: 'Unsupported value',
    Forbidden: 'Forbidden',
    Duplicate: 'Duplicate value',
    NotFound: 'Not found',
    TooLong: 'Too long',
    TooMany: 'Too many',
    TooFew: 'Invalid value',
    TypeInvalid: 'Invalid value',
    InternalError: 'Internal error',
  };
  const withValue = !['Required', 'Forbidden', 'TooLong', 'InternalError'].includes(problem.type);
  let text = title[problem.type];
  if (withValue && problem.omitsValue !== true) text += `: ${printed(problem.value)}`;
  const detail = problem.supported
    ? `supported values: ${problem.supported.map((s) => JSON.stringify(s)).join(', ')}`
    : problem.detail;
  return detail ? `${text}: ${detail}` : text;
}
function printed(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  return typeof value === 'string' || typeof value === 'object' ? JSON.stringify(value) : String(value);
}
