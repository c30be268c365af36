/** A slice is written in one go; between two others have their turn. */
const SLICE_UNITS = 64 * 1024;

/** Lines as text in slices, each made when it is asked for. No line may hold a line break. */
export async function* slicesOf(lines: Iterable<string>): AsyncGenerator<string> {
  let parts: string[] = [];
  let units = 0;
  for (const line of lines) {
    parts.push(line, '\n');
    units += line.length + 1;
    if (units < SLICE_UNITS) continue;
    yield parts.join('');
    parts = [];
    units = 0;
  }
  if (units > 0) yield parts.join('');
}

/** The lines of a text that comes in slices, without one that was not ended. */
export async function* linesOf(slices: AsyncIterable<string>): AsyncGenerator<string, undefined> {
  // A line that goes over many slices is put together once.
  let begun: string[] = [];
  for await (const slice of slices) {
    let from = 0;
    for (let end = slice.indexOf('\n'); end >= 0; end = slice.indexOf('\n', from)) {
      begun.push(slice.slice(from, end));
      yield begun.join('');
      begun = [];
      from = end + 1;
    }
    if (from < slice.length) begun.push(slice.slice(from));
  }
  return undefined;
}
