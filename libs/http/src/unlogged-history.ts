import { isRefusal } from '#model';
import { isJsonObject, type JsonObject } from '#std';
import type { Answer } from './answer.js';
import type { Backend } from './backend.js';
import { HISTORY_SECONDS, type Selection } from './list-options.js';
import type { Route } from './routes.js';
import { answers, type HttpRefusal } from './status.js';

const SECONDS_MAX = 120;
const OWN_VERSION = 'shiplog.io/v1';

/** `GET <list>?historySeconds=120`: the history of those that the view has a place for and that are selected by name and namespace. */
export async function unloggedHistory(
  backend: Backend,
  route: Route,
  selection: Selection,
  text: string,
): Promise<Answer | HttpRefusal> {
  const { unlogged } = route.on.kind;
  const seconds = /^[1-9][0-9]{0,2}$/.test(text) ? Number(text) : Infinity;
  if (!unlogged || seconds > SECONDS_MAX)
    return answers.badRequest(`${HISTORY_SECONDS} is a whole number from 1 to ${SECONDS_MAX}`);
  if (!selection.labels.everything) return answers.badRequest(`${HISTORY_SECONDS} takes no label selector`);
  const view = await backend.fresh();
  if (isRefusal(view)) return view;
  const { namespace } = route;
  const place = namespace === '' ? {} : { namespace };
  const answer = await backend.unloggedHistory(unlogged, place, seconds * 1000);
  if (isRefusal(answer)) return answer;
  const { figures } = answer;
  const items = (Array.isArray(figures) ? figures : []).filter((one): one is JsonObject => {
    if (!isJsonObject(one) || typeof one['name'] !== 'string') return false;
    const where = typeof one['namespace'] === 'string' ? { namespace: one['namespace'] } : {};
    return unlogged.mayHave(view, { ...where, name: one['name'] });
  });
  return { code: 200, json: JSON.stringify({ kind: 'UsageHistoryList', apiVersion: OWN_VERSION, items }) };
}
