/** One line of the shopping cart. */
export interface CartLine {
  sku: string;
  quantity: number;
}

/** The cart of one visitor; it lives in the browser until checkout. */
export class Cart {
  private lines = new Map<string, number>();

  /** Adds pieces; a line never holds more than 500. */
  add(sku: string, quantity: number): void {
    const sum = (this.lines.get(sku) ?? 0) + quantity;
    this.lines.set(sku, Math.min(sum, 500));
  }

  remove(sku: string): void {
    this.lines.delete(sku);
  }

  contents(): CartLine[] {
    return [...this.lines].map(([sku, quantity]) => ({ sku, quantity }));
  }
}

/** Sends the cart to the service and returns the ids of its reservations. */
export async function checkout(cart: Cart, baseUrl: string): Promise<string[]> {
  const response = await fetch(`${baseUrl}/reservations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(cart.contents()),
  });
  if (!response.ok) {
    throw new Error(`checkout failed: ${response.status}`);
  }
  return (await response.json()).ids;
}
