import { aboutOf, decode, isRefusal, refusals, decideVerb, type Decided, type Request } from '#model';
import { isJsonObject, type JsonObject } from '#std';
import { eviction, type Eviction } from '../../shared/eviction.schema.js';

/** POST of an Eviction: a deletion that asks the disruption budgets first. There are no budgets among the kinds yet. */
export function decideEviction(request: Request): Decided {
  const { command } = request;
  const read = decode(eviction, isJsonObject(command.body) ? command.body : {});
  if (read.error !== undefined) return refusals.badRequest(`Eviction in version "v1" cannot be handled as a Eviction: ${read.error}`);
  const wish = read.value as Eviction;
  if (wish.metadata.name !== undefined && wish.metadata.name !== '' && wish.metadata.name !== command.name) {
    return refusals.badRequest(`name in URL does not match name in Eviction object: ${wish.metadata.name} does not match ${command.name}`);
  }
  if (request.old === undefined) return refusals.notFound(aboutOf(request, command.name));
  const event = command.event ?? { type: 'PodEvicted' };
  const { subresource: _eviction, ...plain } = command;
  const options = (wish.deleteOptions ?? {}) as JsonObject;
  const decided = decideVerb({ ...request, subresource: undefined, command: { ...plain, verb: 'delete', body: options, event } });
  if (isRefusal(decided)) return decided;
  const response: JsonObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  return { ...decided, response };
}
