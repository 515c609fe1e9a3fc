/** The order with one of them somewhere else. */
export function moved(order: readonly string[], id: string, to: number): string[] {
  const rest = order.filter((each) => each !== id)
  rest.splice(Math.max(0, to), 0, id)
  return rest
}
