import { isRefusal } from '#model';
import type { Keys } from '#ports';
import type { Answer, Rendering } from './answer.js';
import type { Backend } from './backend.js';
import { bodyMedia, parseObject, readBytes, schemaFor } from './body/request-body.js';
import type { Call } from './call.js';
import { managerOf, writeOptions } from './options.js';
import type { Route } from './routes.js';
import type { HttpRefusal } from './status.js';
import { readTokenRequest, requestToken } from './token-request.js';
import { userAgent } from './writes.js';

interface TokenIssuer {
  readonly backend: Backend;
  readonly keys: Pick<Keys, 'signToken'>;
  readonly issuer: string;
}

/** `POST serviceaccounts/NAME/token`: nothing is stored, so this is no command. */
export async function answerToken(
  by: TokenIssuer,
  { request, query, user }: Call,
  route: Route,
  rendering: Rendering,
): Promise<Answer | HttpRefusal> {
  const { backend, keys, issuer } = by;
  const media = bodyMedia(request.headers['content-type']);
  if (typeof media !== 'string') return media;
  const bytes = await readBytes(request);
  if ('refused' in bytes) return bytes;
  const parsed = parseObject(bytes, media, schemaFor(route.on.kind, route.on, 'token'));
  if ('refused' in parsed) return parsed;
  const view = await backend.fresh();
  if (isRefusal(view)) return view;
  const { namespace, name } = route;
  const fieldManager = managerOf(query.get('fieldManager') ?? '', userAgent(request));
  const given = { keys, issuer, view, now: backend.now(), id: backend.uid() };
  const wanted = writeOptions('CreateOptions', query);
  if ('refused' in wanted) return wanted;
  const read = readTokenRequest(parsed, {
    fieldValidation: wanted.fieldValidation,
    kinds: backend.kinds,
    kind: route.on.kind,
    user,
  });
  if ('refused' in read) return read;
  const made = await requestToken({
    ...given,
    namespace,
    name,
    body: parsed.value,
    request: read.object,
    fieldManager,
  });
  return isRefusal(made)
    ? made
    : { code: 201, json: JSON.stringify(made), form: { ...rendering.form, as: undefined }, warnings: read.warnings };
}
