import { applyJsonPatch } from '#meta';
import {
  PATCH_CHARACTERS_MAX,
  type AdmissionNotes,
  type HttpsAnswer,
  type RecordedAnswer,
  type Refusal,
  type StatusDetails,
} from '#model';
import { goQuote, isJsonObject, isTooDeep, type Json, type JsonObject } from '#std';
import { answeredReview, postFailed } from '../../webhook-client.js';
import type { Call } from './call.js';

/** What a webhook said, read and checked. */
export type Verdict =
  | { readonly is: 'allowed'; readonly patch: Json | undefined; readonly notes: AdmissionNotes }
  | { readonly is: 'denied'; readonly refusal: Refusal }
  /** It gave no answer that can be used, and may be ignored. */
  | { readonly is: 'ignored'; readonly notes: AdmissionNotes };

const WARNINGS_MAX = 64;
const WARNING_CHARACTERS_MAX = 1024;
const ANNOTATIONS_MAX = 32;
const ANNOTATION_CHARACTERS_MAX = 4096;

/** Reads an answer in the role of a mutating or a validating webhook. */
export function verdictOf(call: Call, answer: HttpsAnswer, role: 'mutating' | 'validating'): Verdict {
  const response = responseOf(call, answer, role);
  if (typeof response === 'string') return failed(call, response, role);
  const { name } = call.webhook.hook;
  const notes = notesOf(name, response);
  if (response['allowed'] !== true)
    return { is: 'denied', refusal: { ...deniedBy(name, response['status']), ...notes } };
  const patch = patchOf(response);
  if (typeof patch === 'string') return { is: 'denied', refusal: internal(patch) };
  return { is: 'allowed', patch: patch?.list, notes: { ...notes, answers: [recorded(call, 'allowed', patch?.list)] } };
}

/** Under failure policy Fail a webhook that cannot be asked refuses the request. */
export function failed({ webhook, question }: Call, why: string, role: 'mutating' | 'validating'): Verdict {
  const { hook, index } = webhook;
  if (hook.failurePolicy !== 'Ignore')
    return { is: 'denied', refusal: internal(`failed calling webhook ${goQuote(hook.name)}: ${why}`) };
  const round = question.name.endsWith(' again') ? 1 : 0;
  const key = `failed-open.${role}.webhook.admission.k8s.io/round_${round}_index_${index}`;
  return {
    is: 'ignored',
    notes: {
      warnings: [],
      auditAnnotations: { [key]: hook.name },
      answers: [{ from: question.name, outcome: 'failed' }],
    },
  };
}

export function noAnswer({ question }: Call, why: string): string {
  return `failed to call webhook: ${postFailed(question.to, why)}`;
}

/** The `response` of the review, or why there is none. */
function responseOf(call: Call, answer: HttpsAnswer, role: 'mutating' | 'validating'): JsonObject | string {
  const body = answeredReview(call.question.to, answer);
  if (typeof body === 'string') return `failed to call webhook: ${body}`;
  const invalid = (why: string): string => `received invalid webhook response: ${why}`;
  const asked = String(call.question.body['apiVersion']);
  const response = body['response'];
  if (!isJsonObject(response)) return invalid('webhook response was absent');
  // The older version leaves all of these to the server.
  if (asked !== 'admission.k8s.io/v1') return response;
  const said = `${typeof body['apiVersion'] === 'string' ? body['apiVersion'] : ''}, Kind=${typeof body['kind'] === 'string' ? body['kind'] : ''}`;
  const expected = `${asked}, Kind=AdmissionReview`;
  if (said !== expected)
    return invalid(`expected webhook response of ${expected}, got ${said.startsWith(',') ? `/${said}` : said}`);
  if (response['uid'] !== call.uid)
    return invalid(
      `expected response.uid=${goQuote(call.uid)}, got ${goQuote(typeof response['uid'] === 'string' ? response['uid'] : '')}`,
    );
  const why = patchFault(response, role);
  return why === undefined ? response : invalid(why);
}

function patchFault(response: JsonObject, role: 'mutating' | 'validating'): string | undefined {
  const { patch, patchType } = response;
  const hasPatch = typeof patch === 'string' && patch !== '';
  if (role === 'validating') {
    if (hasPatch) return 'unexpected response.patch';
    return patchType === undefined || patchType === null ? undefined : 'unexpected response.patchType';
  }
  if (!hasPatch)
    return patchType === undefined || patchType === null
      ? undefined
      : 'webhook returned response.patchType but not response.patch';
  if (patchType === undefined || patchType === null)
    return 'webhook returned response.patch but not response.patchType';
  return patchType === 'JSONPatch'
    ? undefined
    : `webhook returned invalid response.patchType of ${goQuote(String(patchType))}`;
}

function patchOf({ patch }: JsonObject): { readonly list: Json } | string | undefined {
  if (typeof patch !== 'string' || patch === '') return undefined;
  try {
    const bytes = Uint8Array.from(atob(patch), (character) => character.charCodeAt(0));
    const list = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
    return isTooDeep(list) ? 'response.patch nests too deeply' : { list };
  } catch {
    return 'response.patch is no JSON in base64';
  }
}

/** The document after the patch of a webhook, or why it cannot be patched so. */
export function patchedBy(document: JsonObject, patch: Json): JsonObject | Refusal {
  const patched = applyJsonPatch(document, patch);
  return patched.ok ? patched.value : internal(patched.problem.message);
}

function recorded({ question, isSealed }: Call, outcome: 'allowed', patch: Json | undefined): RecordedAnswer {
  const from = question.name;
  if (patch === undefined) return { from, outcome };
  const isKept = !isSealed && JSON.stringify(patch).length <= PATCH_CHARACTERS_MAX;
  return { from, outcome, ...(isKept ? { patch } : { isCut: true as const }) };
}

function notesOf(name: string, { warnings, auditAnnotations }: JsonObject): AdmissionNotes {
  const texts = Array.isArray(warnings) ? warnings.filter((one) => typeof one === 'string') : [];
  const annotations = isJsonObject(auditAnnotations) ? Object.entries(auditAnnotations) : [];
  return {
    warnings: texts.slice(0, WARNINGS_MAX).map((text) => text.slice(0, WARNING_CHARACTERS_MAX)),
    auditAnnotations: Object.fromEntries(
      annotations
        .slice(0, ANNOTATIONS_MAX)
        .filter((one): one is [string, string] => typeof one[1] === 'string')
        .map(([key, value]) => [
          `${name}/${key}`.slice(0, ANNOTATION_CHARACTERS_MAX),
          value.slice(0, ANNOTATION_CHARACTERS_MAX),
        ]),
    ),
    answers: [],
  };
}

/** A refusal has a code of at least 400 and says who refused. */
function deniedBy(name: string, status: Json | undefined): Refusal {
  const said = isJsonObject(status) ? status : {};
  const { code, reason, message, details } = said;
  const words = `admission webhook ${goQuote(name)} denied the request`;
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
  const why = text(message) || text(reason);
  return {
    refused: true,
    code: typeof code === 'number' && code >= 400 && code <= 599 ? code : 400,
    reason: text(reason),
    message: why === '' ? `${words} without explanation` : `${words}: ${why}`,
    ...(isJsonObject(details) && { details: detailsOf(details) }),
  };
}

/** Of the details of somebody else's Status those that a Status has. */
function detailsOf(details: JsonObject): StatusDetails {
  const texts = (of: JsonObject, names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.flatMap((name) => (typeof of[name] === 'string' ? [[name, of[name]]] : [])));
  const { causes, retryAfterSeconds: seconds } = details;
  return {
    ...texts(details, ['name', 'group', 'kind', 'uid']),
    ...(Array.isArray(causes) && {
      causes: causes.filter(isJsonObject).map((cause) => texts(cause, ['reason', 'message', 'field'])),
    }),
    ...(typeof seconds === 'number' && seconds >= 0 && { retryAfterSeconds: Math.floor(seconds) }),
  };
}

export function internal(why: string): Refusal {
  return {
    refused: true,
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${why}`,
    details: { causes: [{ message: why }] },
  };
}
