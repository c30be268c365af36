import { parseAccept, routeProduces, type AcceptClause } from './accept.js';
import { answers, type HttpRefusal } from './status.js';

/** How an answer is to be written. */
export interface OutputForm {
  readonly media: 'json' | 'yaml';
  readonly pretty: boolean;
  /** Undefined: the object itself. */
  readonly as: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | undefined;
  /** Version of `meta.k8s.io` that the form was asked in. */
  readonly asVersion: string;
}
export const PLAIN_JSON: OutputForm = { media: 'json', pretty: false, as: undefined, asVersion: '' };

export const MEDIA_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const;
const WATCH_TYPES = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'] as const;
/** What the router offers on collections, which are listed and watched by one route. */
const COLLECTION_TYPES = [...MEDIA_TYPES, ...WATCH_TYPES];

export interface Asked {
  readonly accept: string;
  readonly pretty: string | undefined;
  readonly userAgent: string;
  /** `collection`: a GET that may be a list or a watch; `watch`; `object`: everything else. */
  readonly on: 'collection' | 'watch' | 'object';
  readonly hasTable: boolean;
}

/**
 * Chooses the form of the answer. Protobuf is offered, as the texts say, but a client that also takes JSON gets JSON; none
 * of the known clients takes protobuf alone.
 */
export function negotiate(asked: Asked): OutputForm | HttpRefusal {
  const { accept, on } = asked;
  // The commonest headers need no parsing.
  if (accept === 'application/json' || accept === '' || accept === '*/*') return plain(asked, 'json');
  if (!routeProduces(accept, MEDIA_TYPES)) {
    return answers.routeNotAcceptable(on === 'object' ? MEDIA_TYPES : COLLECTION_TYPES);
  }
  for (const clause of parseAccept(accept)) {
    const form = formOf(clause, asked);
    if (form) return form.media === 'yaml' && on === 'watch' ? answers.notAcceptable(WATCH_TYPES) : form;
  }
  return answers.notAcceptable(MEDIA_TYPES);
}

function formOf(clause: AcceptClause, asked: Asked): OutputForm | undefined {
  const media = mediaOf(clause);
  if (media === undefined) return undefined;
  const { as, g, v } = clause.parameters;
  const pretty = clause.parameters['pretty'] === '1';
  const form = plain(asked, media);
  if (as === undefined && g === undefined && v === undefined) return pretty ? { ...form, pretty } : form;
  if (g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) return undefined;
  if (as === 'Table') return asked.hasTable ? { ...form, as, asVersion: v } : undefined;
  if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { ...form, as, asVersion: v };
  return undefined;
}

function mediaOf({ type, subtype }: AcceptClause): 'json' | 'yaml' | undefined {
  if ((type === '*' || type === 'application') && subtype === '*') return 'json';
  if (type !== 'application') return undefined;
  return subtype === 'json' || subtype === 'yaml' ? subtype : undefined;
}

function plain({ pretty, userAgent }: Asked, media: 'json' | 'yaml'): OutputForm {
  const isPretty =
    pretty !== undefined && pretty !== ''
      ? /^(1|t|T|TRUE|true|True)$/.test(pretty)
      : userAgent.startsWith('curl') || userAgent.startsWith('Wget') || userAgent.startsWith('Mozilla/5.0');
  return isPretty
    ? { media, pretty: true, as: undefined, asVersion: '' }
    : media === 'json'
      ? PLAIN_JSON
      : { ...PLAIN_JSON, media };
}

/** The Content-Type of an answer and of a watch: the media type alone, also where the object was transformed. */
export function contentType({ media }: OutputForm): string {
  return `application/${media}`;
}
