/* A shop of one shelf: a list, a cup, a cart. What a customer does is told where it happens. */
const { useEffect, useState } = React;
const html = htm.bind(React.createElement);
const CUPS = [
  { product_id: "cup-1", name: "Celadon cup", price: 38000 },
  { product_id: "cup-2", name: "White cup", price: 24000 }
];

function useHash() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const moved = () => setHash(location.hash);
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return hash;
}

function Shelf() {
  useEffect(() => { document.title = "Cups"; dangol.productListViewed(CUPS); }, []);
  return html`<ul>${CUPS.map((cup) => html`<li key=${cup.product_id}><a href="#/${cup.product_id}">${cup.name}</a></li>`)}</ul>`;
}

function Cup({ cup }) {
  useEffect(() => { document.title = cup.name; dangol.productViewed(cup); }, [cup]);
  const add = () => dangol.productAdded({ ...cup, quantity: 1 });
  return html`<h1>${cup.name}</h1><p>₩${cup.price.toLocaleString()}</p>
    <button onClick=${add}>Into the cart</button> <a href="#/">All cups</a>`;
}

function App() {
  const hash = useHash();
  const cup = CUPS.find((one) => hash === "#/" + one.product_id);
  return cup ? html`<${Cup} cup=${cup} />` : html`<${Shelf} />`;
}

ReactDOM.createRoot(document.getElementById("app")).render(html`<${App} />`);
