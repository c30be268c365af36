/** The figure of several runs: their median, with the lowest and the highest of them. */
export function median(values, unit, digits = 0) {
  const sorted = [...values].sort((a, b) => a - b);
  const rounded = (value) => Math.round(value * 10 ** digits) / 10 ** digits;
  return {
    value: rounded(sorted[sorted.length >> 1]),
    unit,
    lowest: rounded(sorted[0]),
    highest: rounded(sorted[sorted.length - 1]),
    runs: sorted.length,
  };
}

/** The value below which so large a share of them is. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** The medians of figures that were measured several times: each a map of name → { value, unit }. */
export function mediansOf(measured) {
  const digits = (values) => (values.every(Number.isInteger) ? 0 : 2);
  return Object.fromEntries(
    Object.entries(measured[0]).map(([name, { unit }]) => {
      const values = measured.map((figures) => figures[name].value);
      return [name, median(values, unit, digits(values))];
    }),
  );
}
