"""What Keras has and loopnet has not, and what to do instead: a name that is missing says so, and never half-works."""

_INSTEAD = {
    "nothing here makes images larger than ZeroPadding does": """
        Conv1DTranspose Conv2DTranspose Conv3DTranspose Convolution1DTranspose Convolution2DTranspose
        Convolution3DTranspose UpSampling1D UpSampling2D UpSampling3D""",
    "use a convolution with groups=channels": "DepthwiseConv1D DepthwiseConv2D",
    "use a convolution with groups=channels, and then one with kernel_size=1": """
        SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D""",
    "use a convolution, as Keras itself now does": "LocallyConnected1D LocallyConnected2D",
    "use pooling with a pool_size, or global pooling": """
        AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
        AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D""",
    "use Dropout": """
        SpatialDropout1D SpatialDropout2D SpatialDropout3D AlphaDropout GaussianDropout GaussianNoise
        ActivityRegularization""",
    "the normalisation here is BatchNormalization": """
        LayerNormalization GroupNormalization UnitNormalization SpectralNormalization RMSNormalization""",
    "the activations are relu, leaky_relu, sigmoid, tanh, softplus and softmax": "ELU PReLU ThresholdedReLU",
    'use Activation("linear")': "Identity",
    "use Dense after Flatten": "EinsumDense",
    "write a subclass of loopnet.layers.Layer, with forward and backward": "Lambda Wrapper",
    "a Sequential is a chain of layers, without branches": """
        Add Average Concatenate Dot Maximum Minimum Multiply Subtract""",
    "there are no recurrent layers; Conv1D reads sequences": """
        Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D Embedding GRU GRUCell LSTM LSTMCell Masking RNN RepeatVector
        SimpleRNN SimpleRNNCell StackedRNNCells TimeDistributed""",
    "there is no attention; the layers are those of convolutional networks": """
        AdditiveAttention Attention GroupQueryAttention MultiHeadAttention""",
    "change the images before they reach the model": """
        AutoContrast AugMix CenterCrop Cropping1D Cropping2D Cropping3D CutMix Equalization MixUp Normalization
        RandAugment RandomBrightness RandomContrast RandomCrop RandomFlip RandomGaussianBlur Resizing""",
    "use RandomDistortion, with elastic, cutout or shear": "RandomElasticTransform RandomErasing RandomShear",
}

MISSING = {name: instead for instead, names in _INSTEAD.items() for name in names.split()}
