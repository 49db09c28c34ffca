"""The demo's own material: Amharic sentences of ours, and the offline voices that speak them."""
