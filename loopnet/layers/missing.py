"""Layers, and arguments of layers, that Keras has and loopnet has not, and what to do instead (``loopnet.missing``)."""

from ..missing import listed

ONE_INPUT = "expected one; Add, Concatenate and their like take several"

MISSING = listed(
    {
        "use UpSampling2D, and a Conv2D behind it": "Conv2DTranspose Convolution2DTranspose",
        "use UpSampling1D, and a Conv1D behind it": "Conv1DTranspose Convolution1DTranspose",
        "only sequences and images can be made larger, by UpSampling1D and UpSampling2D": """
        Conv3DTranspose Convolution3DTranspose UpSampling3D""",
        "use a convolution, as Keras itself now does": "LocallyConnected1D LocallyConnected2D",
        "use pooling with a pool_size, or global pooling": """
        AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
        AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D""",
        "use Dropout": "AlphaDropout",
        "only weights and biases add to the loss: Dense(..., kernel_regularizer=...)": "ActivityRegularization",
        "the normalisation here is BatchNormalization": """
        LayerNormalization GroupNormalization UnitNormalization SpectralNormalization RMSNormalization""",
        "use ReLU(threshold=1.0)": "ThresholdedReLU",
        "use Dense": "EinsumDense",
        "write a subclass of loopnet.layers.Layer, with forward and backward": "Lambda Wrapper",
        "branches meet in Add, Average, Concatenate, Maximum, Minimum, Multiply and Subtract": "Dot dot",
        "today's names are Add, Concatenate and their like": "Merge merge",
        "there are no recurrent layers; Conv1D reads sequences": """
        Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D Embedding GRU GRUCell LSTM LSTMCell Masking RNN RepeatVector
        SimpleRNN SimpleRNNCell StackedRNNCells TimeDistributed""",
        "there is no attention; the layers are those of convolutional networks": """
        AdditiveAttention Attention GroupQueryAttention MultiHeadAttention""",
        "change the images before they reach the model": """
        AutoContrast AugMix ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization
        MaxNumBoundingBoxes MixUp Pipeline RandAugment RandomColorDegeneration RandomColorJitter
        RandomGaussianBlur RandomGrayscale RandomHeight RandomHue RandomInvert
        RandomPerspective RandomPosterization RandomSaturation RandomSharpness RandomWidth Solarization""",
        "models take numbers: make them with numpy, of words, of classes and of sound": """
        CategoryEncoding Discretization HashedCrossing Hashing IntegerLookup MelSpectrogram STFTSpectrogram
        StringLookup TextVectorization""",
        "the layers are loopnet's own": "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper",
        "a layer looks at the shape in build(input_shape)": "InputSpec",
        "use RandomDistortion, with elastic, cutout or shear": "RandomElasticTransform RandomErasing RandomShear",
        "a layer is made again from its config(): type(layer)(**layer.config())": "deserialize serialize",
    }
)

ARGUMENTS = {
    "activity_regularizer": "only weights and biases add to the loss: kernel_regularizer, bias_regularizer",
    **dict.fromkeys(("beta_regularizer", "gamma_regularizer"), "only layers with a kernel have regularizers"),
    **dict.fromkeys(("beta_constraint", "gamma_constraint"), "only layers with a kernel have constraints"),
    **dict.fromkeys(
        ("beta_initializer", "gamma_initializer", "moving_mean_initializer", "moving_variance_initializer"),
        "gamma and the moving variance start at 1, beta and the moving mean at 0; layer.set_weights changes that",
    ),
    "dtype": "the whole model has one: Sequential(layers, dtype='float64')",
    "weights": "use layer.set_weights(weights) when the layer is in a model",
    "autocast": "there is one dtype only",
    "noise_shape": "Dropout drops every number by itself, SpatialDropout2D whole channels",
    "synchronized": "there is one device only",
    "renorm": "use BatchNormalization without it",
    "sparse": "arrays are dense",
    "ragged": "all images have one size",
    "tensor": "give the shape",
    "invert": "numbers are normalised one way only; times the root of the variance, plus the mean is the other",
    "lora_rank": "all weights are trained",
    "lora_alpha": "all weights are trained",
    "quantization_config": "weights are not quantized",
    "fill_value": "what comes in from outside is 0, with fill_mode='constant'",
    "fill_mode": "RandomTranslation, RandomRotation and RandomZoom have it; elsewhere what comes in is 0, 'constant'",
    "pad_to_aspect_ratio": "use crop_to_aspect_ratio, or ZeroPadding2D first",
    "antialias": "images shrink without smoothing, as they do in Keras by default",
    "interpolation": "a pixel between others is their mean, weighted by nearness",
    "approximate": "use GELU() without it, the exact one",
    # Keras 1
    "border_mode": "today's name is padding",
    "subsample": "today's name is strides",
    "dim_ordering": "today's name is data_format, 'channels_last' or 'channels_first'",
    "init": "today's name is kernel_initializer",
    "bias": "today's name is use_bias",
    "W_constraint": "today's name is kernel_constraint",
    "W_regularizer": "today's name is kernel_regularizer",
    "b_regularizer": "today's name is bias_regularizer",
}
"""Arguments that Keras's layers take."""
