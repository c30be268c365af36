import { arithmetic } from './arithmetic.js';
import { conversions } from './conversions.js';
import { formats } from './formats.js';
import { addresses, quantities, semvers, urls } from './kubernetes.js';
import { lists } from './lists.js';
import { Functions } from './overload.js';
import { regularExpressions } from './regex.js';
import { strings } from './strings.js';
import { times } from './times.js';

/** The functions of the language and those that Kubernetes 1.35 adds to it. */
export const kubernetesFunctions = new Functions([
  ...arithmetic,
  ...conversions,
  ...strings,
  ...regularExpressions,
  ...lists,
  ...times,
  ...urls,
  ...quantities,
  ...addresses,
  ...semvers,
  ...formats,
]);
