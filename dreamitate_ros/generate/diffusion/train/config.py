"""Trainings as their YAML files describe them."""

from dataclasses import dataclass
from pathlib import Path

ROUNDING = ("no", "bf16", "fp16")
TRAINABLE = ("attention", "all", "lora")
OPTIMIZERS = ("adamw", "adamw8bit")
LABELS = ("tracked", "true")


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """What every training has. Paths are relative to the working directory.

    demonstrations: text file, `top_video|||caption` a line. output: folder. held_out: a data set of `dreamitate
    demonstrate`, never trained on, to measure tool poses on.
    width, height: px. brightness, contrast, saturation: factors of light and colour are drawn within 1 plus or minus
    these. batch: a process; accumulate: batches a step. warm_up, cool_down: first and last steps, of linearly rising
    and falling learning rate.
    ema: decay of the moving average that is saved as the model; null trains without. seed: of everything drawn.
    optimizer: "adamw", or "adamw8bit" with a quarter of the memory for its state, by bitsandbytes on a GPU.
    log_every: steps between two points of TensorBoard's curves.
    """

    demonstrations: Path
    output: Path
    held_out: Path | None = None
    width: int = 768
    height: int = 448
    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2
    steps: int = 16384
    batch: int = 1
    accumulate: int = 1
    optimizer: str = "adamw"
    learning_rate: float = 1e-5
    warm_up: int = 0
    cool_down: int = 0
    weight_decay: float = 0.01
    max_gradient_norm: float = 1.0
    ema: float | None = 0.9999
    precision: str = "no"
    checkpoint_every: int = 500
    keep_checkpoints: int = 2
    seed: int = 0
    log_every: int = 10


@dataclass(frozen=True, kw_only=True)
class BaselineTrainingConfig(LoopConfig):
    """Training of the baseline, a Diffusion Policy, on the photos and the tools' poses of demonstrations.

    resnet: channels of the first stage of each view's ResNet-18, 64 as published. channels: of the network over time.
    crop_share: of each photo's width and height that a step sees, cut out anywhere; of the middle when it acts.
    noises: drawn for each demonstration of a batch: its photos, the costly part, are looked at once for all of them.
    labels: "tracked", by `dreamitate label` (the paper), or "true", which only simulated data sets know.
    """

    resnet: int = 64
    channels: int = 256
    crop_share: float = 0.9
    noises: int = 1
    labels: str = "tracked"


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(LoopConfig):
    """What the trainings of the video model have.

    model: model folder to start from. rig: of held_out's images, null for the simulated cell's. times: frames of
    each view. clip_fps: imagined frames per second, which sets the stride.
    """

    model: Path
    rig: Path | None = None
    times: int = 13
    clip_fps: float = 6.0


@dataclass(frozen=True, kw_only=True)
class UnetTrainingConfig(TrainingConfig):
    """Training of the video model on latents.

    versions: of each demonstration that are encoded: the first as recorded, the others in drawn light and colour,
    the same in all frames of both views. fps_id, motion_bucket_id, noise_augmentation: as in settings.Sampling.
    trainable: "attention" (the paper: spatial and temporal attention), "all" (the released code) or "lora": changes
    of rank lora_rank to the attention layers, which the trained model has merged in; learning rates are higher there.
    times_drawn: times of each view, besides the photo's, that a step trains on, drawn anew for each batch: steps
    are faster, and later ones with null, all times, have less to learn.
    crop: side of the square cut-outs that a step trains on, px, in each view about a place that moves; null for whole
    frames. It teaches what tools look like sooner, not where in the scene they belong.
    drop: probability that a frame's prompt, or its photo, is dropped. sigma_mean, sigma_deviation: of ln sigma.
    gate_mm, gate_deg: the autoencoder's reconstructions of held_out must not move tools by more, in the median;
    null only prints by how much they do.
    sample_every: steps after which the first `samples` of held_out are imagined in sample_steps, shown in
    TensorBoard and tracked; 0 for never.
    """

    accumulate: int = 4
    fps_id: int = 6
    motion_bucket_id: int = 200
    noise_augmentation: float = 0.02
    versions: int = 1
    times_drawn: int | None = None
    crop: int | None = None
    trainable: str = "attention"
    lora_rank: int = 16
    drop: float = 0.1
    sigma_mean: float = 1.0
    sigma_deviation: float = 1.6
    gradient_checkpointing: bool = True
    gate_mm: float | None = None
    gate_deg: float | None = None
    sample_every: int = 1000
    samples: int = 2
    sample_steps: int = 10


@dataclass(frozen=True, kw_only=True)
class VaeTrainingConfig(TrainingConfig):
    """Training of a small model's autoencoder, on cut-outs of the videos.

    crop: side of a cut-out, px; window: consecutive frames in it. moving_share: probability that a cut-out is
    taken where its video moves, that is at tools and objects. edge_weight: of the error of neighbouring pixels'
    differences, besides the pixels' own. kl_weight: of the latents' distance from standard normal.
    linear: start from the principal components of the videos' patches in place of the model's weights, and train
    only what decodes them, see linear_start.py; edge_weight and kl_weight then count nothing. A model that is linear
    already keeps its components: its decoder is trained on, for whatever imagines these latents.
    """

    crop: int = 128
    window: int = 3
    moving_share: float = 0.8
    edge_weight: float = 2.0
    kl_weight: float = 1e-6
    linear: bool = False
