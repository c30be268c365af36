/** One entry of an Accept header. */
export interface AcceptClause {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

/** The clauses of an Accept header, best quality first, otherwise in the order sent. */
export function parseAccept(header: string): readonly AcceptClause[] {
  const clauses = header.split(',').flatMap((part) => {
    const [media = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    const [type, subtype, more] = media.split('/');
    if (type === undefined || type === '' || more !== undefined) return [];
    return [clause(type, subtype ?? (type === '*' ? '*' : ''), parameters)];
  });
  return clauses.sort((a, b) => b.quality - a.quality);
}
function clause(type: string, subtype: string, texts: readonly string[]): AcceptClause {
  const parameters: Record<string, string> = {};
  let quality = 1;
  for (const text of texts) {
    const [key = '', value] = text.split('=', 2);
    if (value === undefined) continue;
    if (key === 'q') {
      const q = Number(value);
      if (!Number.isNaN(q)) quality = q;
    } else parameters[key] = value.replace(/^"(.*)"$/, '$1');
  }
  return { type, subtype, parameters, quality };
}

/** Whether the router's own list of media types has one that the header names literally. */
export function routeProduces(header: string, produced: readonly string[]): boolean {
  if (header === '') return true;
  return header.split(',').some((part) => {
    const media = part.split(';')[0]?.trim() ?? '';
    return media === '*/*' || produced.includes(media);
  });
}
