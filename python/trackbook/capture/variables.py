"""Environment variables that say how a run ran: those of a list, never others."""

from collections.abc import Mapping, Sequence

# Exact names, and beginnings that end in "*".
ALLOWED = (
    # Threads
    "OMP_*", "MKL_NUM_THREADS", "MKL_DYNAMIC", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS",
    "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS", "TOKENIZERS_PARALLELISM", "KMP_AFFINITY", "KMP_BLOCKTIME",
    # Accelerators, and what makes their results differ
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_LAUNCH_BLOCKING", "CUDA_HOME", "CUBLAS_WORKSPACE_CONFIG",
    "NVIDIA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
    "TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC", "TF_ENABLE_ONEDNN_OPTS", "TF_FORCE_GPU_ALLOW_GROWTH",
    "XLA_FLAGS", "XLA_PYTHON_CLIENT_MEM_FRACTION", "XLA_PYTHON_CLIENT_PREALLOCATE", "JAX_PLATFORMS", "JAX_ENABLE_X64",
    "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF", "PYTORCH_ENABLE_MPS_FALLBACK", "KERAS_BACKEND",
    "NCCL_P2P_DISABLE", "NCCL_IB_DISABLE",
    # Python and its environments
    "PYTHONHASHSEED", "PYTHONPATH", "PYTHONOPTIMIZE", "PYTHONUTF8", "PYTHONWARNINGS", "PYTHONDONTWRITEBYTECODE",
    "VIRTUAL_ENV", "CONDA_DEFAULT_ENV", "CONDA_PREFIX", "PIXI_ENVIRONMENT_NAME", "PIXI_PROJECT_NAME", "LD_PRELOAD",
    "MALLOC_ARENA_MAX", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE",
    # Place and time
    "TZ", "LANG", "LC_ALL",
    # Clusters, schedulers, services
    "SLURM_JOB_ID", "SLURM_JOB_NAME", "SLURM_JOB_PARTITION", "SLURM_JOB_NODELIST", "SLURM_JOB_NUM_NODES",
    "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_CPUS_PER_TASK", "SLURM_MEM_PER_NODE", "SLURM_NTASKS",
    "SLURM_PROCID", "SLURM_GPUS", "SLURM_GPUS_ON_NODE", "SLURM_CLUSTER_NAME", "PBS_JOBID", "PBS_JOBNAME", "PBS_QUEUE",
    "LSB_JOBID", "JOB_ID", "SGE_TASK_ID", "RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "NODE_RANK",
    "CI", "GITHUB_SHA", "GITHUB_REF", "GITHUB_RUN_ID", "GITHUB_WORKFLOW", "CI_COMMIT_SHA", "CI_PIPELINE_ID",
    "CI_JOB_ID", "COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE",
)  # fmt: skip
LONGEST = 1000


def read_variables(environ: Mapping[str, str], more: Sequence[str] = ()) -> dict[str, str]:
    """Return the variables of the list, and those that `more` names, sorted by name.

    A name that ends in "*" stands for all that begin so. Values are cut at 1,000 characters.
    """
    names = frozenset((*ALLOWED, *more))
    begins = tuple(name[:-1] for name in names if name.endswith("*"))
    return {
        name: value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
        for name, value in sorted(environ.items())
        if name in names or name.startswith(begins)
    }
