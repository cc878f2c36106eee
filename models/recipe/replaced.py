"""No stage of the recipe, but its comparison: does replaced-token detection (ELECTRA, Clark et al. 2020) teach more a minute?

Both ways go on from one checkpoint of stage 4 with the same rows, rates and minutes. The generator is the masked-language
model as it stands, frozen; the detector starts from its encoder and says of every token whether the generator put it
there. `--masked` goes on with masking instead. The card says which won.
"""

import argparse
import copy
import os
import pathlib

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from network import Encoder, MaskedLanguageModel, Shape, initialise
from places import Places, add_places, places_of, say
from pretrain import Rows, advance


class ReplacedTokenDetector(nn.Module):
    """Encoder and ELECTRA's head (Clark et al. 2020): for each token, whether a generator put it in the place of another."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.shape = s
        self.bert = Encoder(s)
        self.transform = nn.Linear(s.hidden_size, s.hidden_size)
        self.verdict = nn.Linear(s.hidden_size, 1)
        self.apply(initialise)

    def forward(self, ids: Tensor, mask: Tensor, replaced: Tensor, drop: float = 0.0) -> Tensor:
        """ids[B,T] with replacements, replaced[B,T] 0 or 1 -> mean binary cross-entropy over the tokens that are no padding."""
        states = fn.gelu(self.transform(self.bert(ids, mask, drop)))
        logits = self.verdict(states).float().squeeze(-1)
        loss = fn.binary_cross_entropy_with_logits(logits, replaced.float(), reduction="none")
        return (loss * mask).sum() / mask.sum()


class Replacing(nn.Module):
    """Generator and detector as one loss over a masked batch."""

    def __init__(self, generator: MaskedLanguageModel) -> None:
        super().__init__()
        self.generator = copy.deepcopy(generator).requires_grad_(False).eval()
        self.detector = ReplacedTokenDetector(generator.shape)
        self.detector.bert.load_state_dict(generator.bert.state_dict())

    def forward(self, ids: Tensor, mask: Tensor, at: Tensor, targets: Tensor) -> Tensor:
        with torch.no_grad():
            chances = self.generator.logits(ids, mask, at).softmax(-1)
            drawn = torch.multinomial(chances, 1).squeeze(1)
            shown, replaced = ids.flatten().clone(), torch.zeros_like(ids).flatten()
            shown[at], replaced[at] = drawn, (drawn != targets).long()
        return self.detector(shown.view_as(ids), mask, replaced.view_as(ids))


def train(places: Places, start: pathlib.Path, name: str, minutes: float, peak: float, tokens: int, masked: bool) -> None:
    """`name`.pt holds the encoder, after `minutes` in which the rate rises shortly and then falls to zero."""
    torch.set_num_threads(int(os.environ.get("RECIPE_THREADS", "2")))
    torch.manual_seed(5)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    generator = MaskedLanguageModel(Shape())
    generator.load_state_dict(torch.load(start, map_location="cpu")["model"])
    model = (generator if masked else Replacing(generator)).to(device).train()
    encoder = model.bert if masked else model.detector.bert
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=peak, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01)
    progress = {"step": 0, "tokens": 0, "seconds": 0.0, "loss": 0.0}
    for batch in Rows(places, tokens, seed=77).batches():
        share = progress["seconds"] / (60 * minutes)
        if share >= 1:
            break
        advance(model, optimizer, batch, peak * min(progress["step"] / 200, 1 - share), device, progress)
        if progress["step"] % 100 == 0:
            say(f"{name} step {progress['step']} share {share:.2f} loss {progress['loss']:.4f} tokens {progress['tokens']:,}")
    torch.save({"model": {f"bert.{key}": value for key, value in encoder.state_dict().items()}}, places.at(f"{name}.pt"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_places(parser)
    parser.add_argument("--start", default="pretrain.pt")
    parser.add_argument("--name", required=True)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--peak", type=float, default=4e-4)
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--masked", action="store_true", help="go on with masking, for the comparison")
    asked = parser.parse_args()
    places = places_of(asked)
    train(places, places.at(asked.start), asked.name, asked.minutes, asked.peak, asked.tokens, asked.masked)
