/**
 * `lgbm-EUR-USD-direction_1h-20140506-1a2b3c4d`: what, for which market, when, and which exactly.
 */
export function makeModelId(
  symbol: string,
  labelSpec: string,
  trainedDay: string,
  sha256: string,
  kind: 'lgbm' | 'onnx' = 'lgbm',
): string {
  const market = symbol.replaceAll(/[^A-Za-z0-9]/g, '-');
  const [spec] = labelSpec.split('@');
  return `${kind}-${market}-${spec}-${trainedDay.replaceAll('-', '')}-${sha256.slice(0, 8)}`;
}
